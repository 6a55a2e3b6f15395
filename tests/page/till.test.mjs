// The page of a coupon and the till in a real browser: a customer's phone and a shop assistant's. No
// script runs on either page; a form is all there is.
//
// Needs a built bundle; scripts/test sets SHOPBELL_E2E when there is one. SHOPBELL_SHOTS: a folder
// for pictures of the pages.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MODULES = process.env.SHOPBELL_NODE_MODULES;
const skip = process.env.SHOPBELL_E2E ? false : "needs the bundle: SHOPBELL_E2E=1 after scripts/build";
const PAGE = "1029384756";
const ADMIN_TOKEN = "an-admin-token-for-the-till-in-a-browser";
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 };

let dev, ended, state, browser, worker, phone;
const problems = [];

before(async () => {
  if (skip) return;
  const { chromium } = await import(
    MODULES ? pathToFileURL(join(MODULES, "playwright-core/index.mjs")).href : "playwright-core"
  );
  state = mkdtempSync(join(tmpdir(), "shopbell-till-"));
  // The first branch by itself: a phone has one Page.
  const from = join(ROOT, "tests/shops/coupons");
  const tables = readFileSync(join(from, "shop.toml"), "utf8").split(/\n(?=\[)/);
  const shop = join(state, "shop");
  mkdirSync(shop);
  writeFileSync(join(shop, "shop.toml"), tables.filter((table) => !/river/.test(table)).join("\n"));
  copyFileSync(join(from, "logo.svg"), join(shop, "logo.svg"));
  const args = ["--shop", shop, "--state", state, "--until-eof"];
  dev = spawn(join(ROOT, "scripts/dev"), args, { env: { ...process.env, SHOPBELL_BUILT: "1", ADMIN_TOKEN }, stdio: ["pipe", "pipe", "inherit"] });
  ended = new Promise((done) => dev.on("exit", done));
  for await (const line of createInterface({ input: dev.stdout })) {
    phone = /^phone\s+(\S+)/.exec(line)?.[1] ?? phone;
    worker = /^ready\s+(\S+)/.exec(line)?.[1];
    if (worker) break;
  }
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
});

after(async () => {
  if (skip) return;
  await browser?.close();
  dev?.stdin.end();
  await ended;
  assert.deepEqual(problems, []);
  rmSync(state, { recursive: true, force: true });
});

/** A page of somebody's own: nothing from elsewhere is asked for, and nothing goes wrong on it. */
async function opened(options = {}) {
  const context = await browser.newContext({ ...PHONE, locale: "en-GB", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (line) => line.type() === "error" && !/status of 40[34]/.test(line.text()) && problems.push(line.text()));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(worker) && !url.startsWith("data:")) problems.push(`asks ${url}`);
  });
  return page;
}

async function shot(page, name) {
  if (process.env.SHOPBELL_SHOTS) {
    await page.screenshot({ path: join(process.env.SHOPBELL_SHOTS, `${name}.png`), fullPage: true });
  }
}

async function sandbox(path, body) {
  const answer = await fetch(new URL(path, phone), {
    method: body ? "POST" : "GET",
    headers: { "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  assert.ok(answer.ok, `${path}: ${answer.status}`);
  return answer.json();
}

/** Somebody who has come in by the poster, and the link to their coupon. */
async function coupon() {
  const made = await sandbox("/sandbox/people", { page: PAGE, platform: "messenger", name: "Ona" });
  const person = made.psid ?? made.id ?? made.person?.psid;
  await sandbox("/sandbox/scan", { person, code: "DOOR" });
  await sandbox("/sandbox/act", { person, do: "get_started" });
  for (let tries = 0; tries < 200; tries += 1) {
    const told = JSON.stringify(await sandbox(`/sandbox/people/${person}`));
    const code = /[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}/.exec(told)?.[0];
    if (code) return `${worker}/c/${code}`;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error("nobody was given a code");
}

async function till(name) {
  const url = `${worker}/admin/tills?page=${PAGE}&name=${encodeURIComponent(name)}`;
  const answer = await fetch(url, { method: "POST", headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
  return (await answer.json()).key;
}

/** What WCAG asks of a page that has no script: a language, a heading, names for what can be used, and
    text that can be told from what it stands on. */
async function accessible(page) {
  const found = await page.evaluate(() => {
    const wrong = [];
    if (!document.documentElement.lang) wrong.push("no language");
    if (document.querySelectorAll("h1").length !== 1) wrong.push("not one heading");
    for (const field of document.querySelectorAll("input:not([type=hidden])")) {
      if (!field.labels?.length) wrong.push("a field without a label");
    }
    const light = (colour) => {
      const [r, g, b] = colour.match(/[\d.]+/g).map((n) => {
        const share = n / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = light(getComputedStyle(document.querySelector("main")).backgroundColor);
    for (const each of document.querySelectorAll("h1, h2, p, label, button, a")) {
      const own = getComputedStyle(each);
      const under = own.backgroundColor === "rgba(0, 0, 0, 0)" ? ground : light(own.backgroundColor);
      const [a, b] = [light(own.color), under].sort((x, y) => y - x);
      if ((a + 0.05) / (b + 0.05) < 4.5) wrong.push(`${each.tagName} ${each.textContent}: ${own.color}`);
      const box = each.getBoundingClientRect();
      if (["BUTTON", "A"].includes(each.tagName) && box.height < 44) wrong.push(`${each.textContent} is too small to be tapped`);
    }
    if (document.documentElement.scrollWidth > innerWidth) wrong.push("wider than the phone");
    if (document.querySelector("script, link, iframe")) wrong.push("something that runs or is fetched");
    return wrong;
  });
  assert.deepEqual(found, []);
}

test("a customer shows a coupon, and a till that has signed in redeems it once", { skip, timeout: 180_000 }, async () => {
  const link = await coupon();
  const customer = await opened({ javaScriptEnabled: false, locale: "lt-LT" });
  const seen = await opened();
  assert.equal((await seen.goto(link)).status(), 200);
  await seen.getByRole("heading", { name: "A cinnamon bun" }).waitFor();
  await accessible(seen);
  await shot(seen, "coupon");
  await customer.goto(link);
  await customer.getByRole("heading", { name: "Cinamoninė bandelė" }).waitFor();
  assert.equal(await customer.getByRole("button").count(), 0, "nobody but a till can redeem");

  const counter = await opened();
  await counter.goto(`${worker}/till`);
  await accessible(counter);
  await shot(counter, "till-sign-in");
  await counter.getByLabel("Till key").fill("7KPN-R2X4-QW8F");
  await counter.getByRole("button", { name: "Sign in" }).click();
  await counter.getByRole("alert").waitFor();
  await counter.getByLabel("Till key").fill((await till("Front counter")).toLowerCase());
  await counter.getByRole("button", { name: "Sign in" }).click();
  await counter.getByRole("heading", { name: "Till: Front counter" }).waitFor();
  const [cookie] = await counter.context().cookies();
  assert.deepEqual([cookie.name, cookie.httpOnly, cookie.secure, cookie.sameSite], ["__Host-till", true, true, "Strict"]);

  // A wrong letter, then a scanner that types the link.
  const field = counter.getByLabel("Coupon code");
  await field.fill("2222-2222-2223");
  await field.press("Enter");
  await counter.getByRole("alert").waitFor();
  assert.equal(await field.inputValue(), "2222-2222-2223");
  await shot(counter, "till-misread");
  await field.fill(link);
  await field.press("Enter");
  await counter.getByRole("status").waitFor();
  await accessible(counter);
  await shot(counter, "till-redeemed");
  await field.fill(link);
  await field.press("Enter");
  await counter.getByRole("alert").filter({ hasText: "Already redeemed" }).waitFor();
  await shot(counter, "till-already");
  await seen.reload();
  await seen.getByRole("status").waitFor();
  await accessible(seen);
  await shot(seen, "coupon-redeemed");

  // The camera of a phone that has signed in: the page has a button.
  await counter.goto(await coupon());
  await shot(counter, "coupon-at-a-till");
  await counter.getByRole("button", { name: "Redeem" }).click();
  await counter.getByRole("status").waitFor();
  await counter.getByRole("button", { name: "Sign out" }).click();
  await counter.getByLabel("Till key").waitFor();
  assert.equal((await counter.context().cookies()).length, 0);
});

test("what nobody was given, and what is misread, is said kindly", { skip, timeout: 60_000 }, async () => {
  const page = await opened({ colorScheme: "dark" });
  assert.equal((await page.goto(`${worker}/c/2222-2222-2222`)).status(), 404);
  await accessible(page);
  await shot(page, "coupon-unknown");
});
