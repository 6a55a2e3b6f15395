// The phone against the real Worker, as scripts/dev runs them together: a customer of the café.
//
// Needs a built bundle; scripts/test sets SHOPBELL_E2E when there is one.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parse } from "smol-toml";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MODULES = process.env.SHOPBELL_NODE_MODULES;
const skip = process.env.SHOPBELL_E2E ? false : "needs the bundle: SHOPBELL_E2E=1 after scripts/build";

// The café as it is written, in Lithuanian: this is about what happens, not about its words.
const shop = parse(readFileSync(join(ROOT, "examples/cafe/shop.toml"), "utf8"));
const of = (list, key, value) => list.find((each) => each[key] === value);
const opening = (text) => text.split("{")[0].trim();
const dogs = of(shop.faq, "id", "dogs");
const table = of(shop.poster, "code", "TABLE");
const topic = of(shop.topic, "id", table.topic).title.lt;
const news = of(shop.notification, "topic", table.topic).text.lt;
const JUMP_MS = 90_000; // a day in steps of a quarter of an hour, with cron at each

let dev, ended, state, browser, page, worker;
const problems = [];

before(async () => {
  if (skip) return;
  const { chromium } = await import(
    MODULES ? pathToFileURL(join(MODULES, "playwright-core/index.mjs")).href : "playwright-core"
  );
  state = mkdtempSync(join(tmpdir(), "shopbell-cafe-"));
  const args = ["--shop", join(ROOT, "examples/cafe"), "--state", state, "--until-eof"];
  dev = spawn(join(ROOT, "scripts/dev"), args, { env: { ...process.env, SHOPBELL_BUILT: "1" }, stdio: ["pipe", "pipe", "inherit"] });
  ended = new Promise((done) => dev.on("exit", done));
  let url;
  for await (const line of createInterface({ input: dev.stdout })) {
    url = /^phone\s+(\S+)/.exec(line)?.[1] ?? url;
    if (line.startsWith("ready ")) {
      worker = line.slice("ready ".length).trim();
      break;
    }
  }
  assert.ok(url, "scripts/dev says where the phone is");
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  page = await browser.newPage({ viewport: { width: 1360, height: 880 } });
  page.setDefaultTimeout(15_000);
  page.on("pageerror", (error) => problems.push(String(error)));
  await page.route(/^https:/, (route) => route.abort());
  await page.goto(url);
  await page.locator("#page-name:not(:empty)").waitFor();
});

after(async () => {
  if (skip) return;
  await browser?.close();
  dev?.stdin.end();
  await ended;
  assert.deepEqual(problems, []);
  const log = readFileSync(join(state, "dev.log"), "utf8").split("\n");
  assert.deepEqual(log.filter((line) => /^worker: .*(panicked|hung|unreachable)/.test(line)), []);
  rmSync(state, { recursive: true, force: true });
});

const bubble = (text) => page.locator(".thread .bubble", { hasText: text });
const card = (text) => page.locator(".thread .tpl", { hasText: text });

async function comeBackTomorrow() {
  const before = Date.parse(await page.getAttribute("#now", "datetime"));
  await page.click("text=Come back tomorrow");
  await page.waitForFunction(
    (then) => Date.parse(document.getElementById("now").dateTime) >= then,
    before + 86_400_000,
    { timeout: JUMP_MS },
  );
  await page.locator("text=Come back tomorrow").and(page.locator(":enabled")).waitFor({ timeout: JUMP_MS });
}

test("a newcomer taps Get Started, as Messenger asks, and is welcomed", { skip }, async () => {
  await page.click("#get-started");
  await page.locator(".thread .bubble").first().waitFor();
});

test("a question is answered by the café", { skip }, async () => {
  await page.fill("#text", dogs.ask.lt[0]);
  await page.press("#text", "Enter");
  await bubble(dogs.answer.lt).waitFor();
  assert.equal(await page.locator("#log .code.bad").count(), 0, "Meta has nothing to complain about");
});

test("a scan of the table's card welcomes, and asks for consent, which is given", { skip }, async () => {
  await page.getByRole("button", { name: `Scan ${table.place}` }).click();
  await bubble(opening(table.text.lt)).waitFor();
  await card(topic).waitFor();
  await page.getByRole("button", { name: "Get updates" }).click();
  await page.getByRole("button", { name: "You'll get updates" }).waitFor();
  await bubble(opening(shop.texts.opted_in.lt)).waitFor();
});

test("on the way to tomorrow today's dishes arrive, once", { skip, timeout: 3 * JUMP_MS }, async () => {
  await comeBackTomorrow();
  await card(news).waitFor();
  assert.equal(await card(news).count(), 1);
  assert.equal(await page.getByText("Update you asked for").count(), 0, "the window was open: no token was needed");
});

test("a day later the window is closed, and the notification comes by the token", { skip, timeout: 3 * JUMP_MS }, async () => {
  await comeBackTomorrow();
  await page.getByText("Update you asked for").waitFor();
  assert.equal(await card(news).count(), 2);
  await page.getByText("window closed").waitFor();
});

test("the privacy notice is read on a small phone, in the visitor's language, without anything from elsewhere", { skip }, async () => {
  const context = await browser.newContext({ viewport: { width: 320, height: 640 }, locale: "de-AT", colorScheme: "dark" });
  const notice = await context.newPage();
  const asked = [];
  notice.on("request", (request) => asked.push(request.url()));
  notice.on("pageerror", (error) => problems.push(String(error)));
  notice.on("console", (message) => message.type() === "error" && !message.text().includes("favicon") && problems.push(message.text()));
  const answer = await notice.goto(`${worker}/privacy`);
  assert.equal(answer.status(), 200);
  assert.equal(await notice.getAttribute("html", "lang"), "de");
  assert.equal(await notice.locator("h1").textContent(), "Datenschutz");
  const wide = await notice.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${wide} pixels too wide`);
  assert.equal(await notice.locator("script, img, iframe, form").count(), 0);
  for (const link of await notice.locator("a").all()) assert.ok((await link.textContent()).trim());
  assert.equal(await notice.locator("a[lang=lt]").getAttribute("hreflang"), "lt");
  if (process.env.SHOPBELL_SHOTS) await notice.screenshot({ path: join(process.env.SHOPBELL_SHOTS, "privacy.png"), fullPage: true });
  await notice.click("a[lang=lt]");
  assert.equal(await notice.locator("h1").textContent(), "Privatumas");
  assert.ok(asked.filter((url) => !url.endsWith("/favicon.ico")).every((url) => url.startsWith(`${worker}/privacy`)), asked.join(" "));
  await context.close();
});
