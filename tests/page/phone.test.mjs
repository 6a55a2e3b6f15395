// The phone in a real browser, against the real sandbox and a stand-in for the Worker.
//
//   node --test tests/page/
//
// SHOPBELL: the command (default target/debug/shopbell). CHROMIUM: the browser (default
// /usr/bin/chromium). SHOPBELL_NODE_MODULES: where playwright-core is, if not found by import.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, beforeEach, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { startWorker } from "./worker.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MODULES = process.env.SHOPBELL_NODE_MODULES;
const { chromium } = await import(
  MODULES ? pathToFileURL(join(MODULES, "playwright-core/index.mjs")).href : "playwright-core"
);

let worker, sandbox, url, browser, page;
const problems = [];

before(async () => {
  worker = await startWorker();
  const command = process.env.SHOPBELL ?? join(ROOT, "target/debug/shopbell");
  const secrets = { APP_SECRET: "sandbox-app-secret", PAGE_TOKEN: "sandbox-page-token", VERIFY_TOKEN: "v", APP_ID: "4100000000000001" };
  sandbox = spawn(command, ["sandbox", "--port", "0", "--clock", "--url", worker.url], {
    env: { ...process.env, ...secrets },
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: sandbox.stdout })) {
    if (line.startsWith("sandbox ")) { url = line.slice("sandbox ".length); break; }
  }
  worker.graph = url;
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
});

after(async () => {
  await browser?.close();
  sandbox?.kill();
  worker?.close();
  // Whatever the shop says: nothing of it may run, and the page itself has no errors.
  assert.deepEqual(problems, []);
});

async function open(options = {}) {
  const opened = await browser.newPage({ viewport: { width: 1360, height: 880 }, ...options });
  opened.setDefaultTimeout(10_000);
  opened.on("pageerror", (error) => problems.push(String(error)));
  opened.on("dialog", (dialog) => { problems.push(`dialog ${dialog.message()}`); dialog.dismiss(); });
  // Pictures come from nowhere here: fail at once instead of asking the network.
  await opened.route(/^https:/, (route) => route.abort());
  await opened.goto(url);
  await opened.locator("#page-name:not(:empty)").waitFor();
  return opened;
}

beforeEach(async () => {
  await page?.close();
  page = await open();
  const before = await page.inputValue("#person");
  await page.click("#new-person");
  await page.waitForFunction((id) => document.getElementById("person").value !== id, before);
});

async function say(text) {
  await page.fill("#text", text);
  await page.press("#text", "Enter");
}

const bubble = (text) => page.locator(".thread .bubble", { hasText: text });

test("a typed message becomes a bubble and is answered", async () => {
  await say("labas ąčę");
  await page.locator(".line.mine .bubble", { hasText: "labas ąčę" }).waitFor();
  await bubble("You said labas ąčę").waitFor();
  assert.equal(await page.inputValue("#text"), "");
  assert.equal(worker.unsigned, 0);
  await page.locator("#log .what", { hasText: "POST /messages" }).first().waitFor();
});

test("quick replies are chips under the newest bubble, and gone after a tap", async () => {
  await say("hello");
  await page.getByRole("button", { name: "Hours" }).click();
  await bubble("You said Hours").waitFor();
  assert.equal(worker.events.findLast((e) => e.message?.quick_reply).message.quick_reply.payload, "Hours");
  await page.waitForFunction(() => document.querySelectorAll(".chip").length === 2);
});

test("whatever is said is text", async () => {
  await say("<script>alert(1)</script><img src=x onerror=alert(2)>");
  await bubble("You said <script>alert(1)</script><img src=x onerror=alert(2)>").waitFor();
  assert.equal(await page.locator(".thread script, .thread .bubble img").count(), 0);
  await page.getByRole("button", { name: "<i>Prices</i>" }).waitFor();
});

test("cards show a drawing where the picture cannot be loaded, and their buttons work", async () => {
  await say("cards");
  await page.locator(".cards .tpl").nth(1).waitFor();
  await page.locator(".cards .art").first().waitFor();
  await page.locator(".cards button", { hasText: "Order" }).first().click();
  await bubble("You tapped order:cake").waitFor();
});

test("an opt-in card is accepted once; without a served region the notification is refused", async () => {
  await say("updates");
  await page.getByRole("button", { name: "Get updates" }).click();
  await page.getByRole("button", { name: "You'll get updates" }).waitFor();
  assert.ok(await page.getByRole("button", { name: "You'll get updates" }).isDisabled());
  await page.locator("#log .code.bad", { hasText: "403" }).first().waitFor();
  const optin = worker.events.findLast((e) => e.optin).optin;
  assert.equal(optin.type, "notification_messages");
  assert.equal(optin.title, "Warm bread");
});

/** What the Page's owner does with `shopbell profile sync`. */
async function profile(method, body) {
  const answer = await fetch(`${url}/v26.0/me/messenger_profile`, {
    method,
    headers: { authorization: "Bearer sandbox-page-token", "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.equal(answer.status, 200, await answer.text());
}

test("a scan leads a new person to Get Started, and a known one straight into the thread", async () => {
  await profile("POST", { get_started: { payload: "GET_STARTED" } });
  await page.getByRole("button", { name: "Scan Shop door" }).click();
  await page.getByText("You followed a link").waitFor();
  await page.click("#get-started");
  await bubble("Welcome by poster-door").waitFor();
  await page.getByRole("button", { name: "Scan Shop door" }).click();
  await bubble("Back by poster-door").waitFor();
  await profile("DELETE", { fields: ["get_started"] });
});

test("a day later the window is closed, and the Worker's cron has run on the way", async () => {
  await say("hello");
  await page.locator("#window.good").waitFor();
  const [time, crons] = [await page.getAttribute("#now", "datetime"), worker.crons];
  await page.click("text=Come back tomorrow");
  await page.getByText("window closed").waitFor({ timeout: 30_000 });
  await page.locator("text=Come back tomorrow").and(page.locator(":enabled")).waitFor();
  const jumped = Date.parse(await page.getAttribute("#now", "datetime")) - Date.parse(time);
  assert.ok(Math.abs(jumped - 86_400_000) < 60_000, `${jumped}`);
  assert.ok(worker.crons - crons >= 96 && worker.clocks === worker.crons);
});

test("a fault is switched on, shown, and off again", async () => {
  await page.click("text=Is down");
  await page.locator('[data-fault="http500"][aria-pressed="true"]').waitFor();
  await say("hello");
  await page.locator("#log .code.bad", { hasText: "500" }).first().waitFor();
  await page.click("#mend");
  await page.locator('[data-fault="http500"][aria-pressed="false"]').waitFor();
});

test("Instagram is another person without Get Started", async () => {
  await page.click("#instagram");
  await page.locator("body.instagram").waitFor();
  assert.ok(await page.locator("#get-started").isHidden());
  await page.click("#messenger");
  await page.locator("body:not(.instagram)").waitFor();
});

test("on a narrow screen only the chat shows, with a drawer that the keyboard can close", async () => {
  const phone = await open({ viewport: { width: 390, height: 780 } });
  assert.ok(await phone.locator("#tools").isHidden());
  assert.ok(await phone.locator(".log-panel").isHidden());
  const wide = await phone.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 390, `${wide} px wide`);
  await phone.click("#open-tools");
  await phone.locator("#scan-title").waitFor();
  await phone.keyboard.press("Escape");
  await phone.locator("#tools").waitFor({ state: "hidden" });
  await phone.close();
});

test("everything that can be tapped has a name, in dark mode too", async () => {
  const dark = await open({ colorScheme: "dark" });
  const nameless = await dark.evaluate(() => [...document.querySelectorAll("button, input, select")]
    .filter((node) => !(node.getAttribute("aria-label") || node.textContent.trim() || node.labels?.[0]?.textContent.trim()))
    .map((node) => node.outerHTML));
  assert.deepEqual(nameless, []);
  const ground = await dark.evaluate(() => getComputedStyle(document.getElementById("screen")).backgroundColor);
  assert.equal(ground, "rgb(5, 5, 6)");
  await dark.close();
});
