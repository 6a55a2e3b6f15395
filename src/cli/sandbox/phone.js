// The phone: draws what /sandbox/ says and does what is tapped. Text reaches the page as text
// nodes only; nothing is ever parsed as HTML.
"use strict";

const $ = (id) => document.getElementById(id);
const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const HUMAN_NAMES = { person: "You", human: "Typed in the Page's inbox", app: "Another app" };
const CTA = { ALLOW: "Allow messages", GET: "Get messages", GET_UPDATES: "Get updates", OPT_IN: "Opt in", SIGN_UP: "Sign up" };
const LOCALES = { en: "en_US", lt: "lt_LT", lv: "lv_LV", et: "et_EE", de: "de_DE", fr: "fr_FR", es: "es_ES", pt: "pt_BR", it: "it_IT", nl: "nl_NL", pl: "pl_PL", tr: "tr_TR", vi: "vi_VN", id: "id_ID", th: "th_TH", ja: "ja_JP", ko: "ko_KR", zh: "zh_TW", ar: "ar_AR", hi: "hi_IN", ru: "ru_RU", uk: "uk_UA" };

let state = null;      // what the sandbox says of itself
let who = null;        // the person holding the phone
let thread = null;     // their thread
let drawn = "";        // what the thread showed last, to leave it alone when nothing changed
let skew = 0;          // virtual minus this computer's time
const wire = new Map(); // the log, by kind and number
let callsSeen = 0, hooksSeen = 0;

// ---- small tools ------------------------------------------------------------------------------

function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null) continue;
    if (key === "class") node.className = value;
    else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key in node && !key.startsWith("aria") && key !== "dir") node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children.filter((c) => c !== null && c !== undefined && c !== false));
  return node;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

async function api(method, path, body) {
  const init = { method };
  if (body !== undefined) {
    init.headers = { "content-type": "application/json" };
    init.body = JSON.stringify(body);
  }
  const answer = await fetch(`/sandbox/${path}`, init);
  const text = await answer.text();
  const value = text ? JSON.parse(text) : null;
  if (!answer.ok) throw new Error(value?.error ?? `${answer.status}`);
  return value;
}

let toastTimer = 0;
function toast(text) {
  $("toast").textContent = text;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { $("toast").textContent = ""; }, 5000);
}

/** Runs what a tap asked for; what goes wrong is said on the phone. */
async function doing(work) {
  try { await work(); } catch (problem) { toast(problem.message); }
  await refresh();
}

const act = (what) => doing(() => api("POST", "act", { person: who, ...what }));

function ask(title, value = "") {
  const dialog = $("ask");
  $("ask-title").textContent = title;
  $("ask-text").value = value;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => resolve(dialog.returnValue === "yes" ? $("ask-text").value.trim() : "");
  });
}

const now = () => Date.now() + skew;
const clock = (at) => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
function moment(at) {
  const date = new Date(at);
  const days = Math.round((new Date(now()).setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / DAY);
  if (days === 0) return `Today ${clock(at)}`;
  if (days === 1) return `Yesterday ${clock(at)}`;
  return date.toLocaleDateString([], { weekday: "short", day: "numeric", month: "short" }) + ` ${clock(at)}`;
}

/** http(s) links only: nothing a shop or a person writes may run. */
function safeLink(url) {
  try {
    const parsed = new URL(url);
    return ["https:", "http:"].includes(parsed.protocol) ? parsed.href : null;
  } catch { return null; }
}

function initials(name) {
  const letters = name.split(/\s+/).filter(Boolean).map((word) => [...word][0]);
  return letters.slice(0, 2).join("").toUpperCase();
}

const currentPage = () => state.pages.find((p) => p.about.id === thread?.person.page)?.about ?? state.pages[0].about;

// ---- the thread -------------------------------------------------------------------------------

/** Pictures that cannot be loaded (there may be no network) become a drawing. */
function picture(url, alt) {
  const art = () => {
    let sum = 0;
    for (const c of url ?? alt ?? "") sum = (sum * 31 + c.codePointAt(0)) % 9973;
    const drawing = el("div", { class: `art ${["a", "b", "c", "d"][sum % 4]}`, role: "img", "aria-label": alt || "picture" });
    drawing.append(icon("picture"));
    return drawing;
  };
  const source = safeLink(url);
  if (!source) return art();
  const img = el("img", { src: source, alt: alt || "", loading: "lazy", referrerPolicy: "no-referrer" });
  img.addEventListener("error", () => img.replaceWith(art()), { once: true });
  return img;
}

/** Text with its web addresses made tappable. */
function words(text) {
  const parts = String(text).split(/(https?:\/\/[^\s<>"]+)/);
  return parts.filter(Boolean).map((part) => {
    const url = /^https?:/.test(part) ? safeLink(part) : null;
    return url ? el("a", { href: url, target: "_blank", rel: "noreferrer" }, part) : part;
  });
}

function button(spec) {
  const title = String(spec.title ?? "");
  if (spec.type === "web_url") {
    const url = safeLink(spec.url);
    return el("a", { class: "link", href: url ?? undefined, target: "_blank", rel: "noreferrer" }, title);
  }
  if (spec.type === "phone_number") {
    return el("button", { type: "button", onclick: () => toast(`Calls ${spec.payload}`) }, title);
  }
  return el("button", { type: "button", onclick: () => act({ do: "postback", title, payload: String(spec.payload ?? "") }) }, title);
}

function optInCard(bubble, payload) {
  const label = CTA[payload.notification_messages_cta_text] ?? CTA.GET_UPDATES;
  const tap = el("button", { type: "button", disabled: bubble.accepted, onclick: () => act({ do: "opt_in", mid: bubble.mid }) },
    icon(bubble.accepted ? "check" : "bell"), bubble.accepted ? "You'll get updates" : label);
  const square = payload.image_aspect_ratio === "SQUARE";
  return el("div", { class: `tpl optin${square ? " square" : ""}` },
    payload.image_url ? picture(payload.image_url, payload.title) : null,
    el("div", { class: "body" }, el("strong", {}, String(payload.title ?? "Updates and promotions")),
      el("span", {}, `Opt in to messages from ${currentPage().name}. You can stop them at any time.`)),
    tap);
}

function card(element) {
  return el("div", { class: "tpl" },
    element.image_url ? picture(element.image_url, element.title) : null,
    el("div", { class: "body" }, el("strong", {}, String(element.title ?? "")),
      element.subtitle ? el("span", {}, String(element.subtitle)) : null),
    ...(element.buttons ?? []).map(button));
}

function attachment(bubble, item) {
  const payload = item.payload ?? {};
  if (item.type === "template") {
    if (payload.template_type === "notification_messages") return optInCard(bubble, payload);
    if (payload.template_type === "button") {
      return el("div", { class: "tpl" }, el("div", { class: "said" }, ...words(payload.text ?? "")), ...(payload.buttons ?? []).map(button));
    }
    if (payload.template_type === "generic") {
      return el("div", { class: "cards", tabIndex: payload.elements?.length > 1 ? 0 : -1, role: "group", "aria-label": "Cards" }, ...(payload.elements ?? []).map(card));
    }
    return el("div", { class: "bubble gone" }, `${payload.template_type} template`);
  }
  if (item.type === "image") return el("div", { class: "attached" }, picture(payload.url, "Picture"));
  if (item.type === "sticker" || item.type === "like_heart") return el("div", { class: "bubble big", role: "img", "aria-label": "Like" }, icon("like"));
  return el("div", { class: "bubble" }, `📎 ${item.type}`);
}

function contents(bubble) {
  const message = bubble.message;
  if (bubble.deleted) return [el("div", { class: "bubble gone" }, "Message unsent")];
  const parts = [];
  if (message.text !== undefined) parts.push(el("div", { class: "bubble", dir: "auto" }, ...words(message.text)));
  for (const item of message.attachments ?? (message.attachment ? [message.attachment] : [])) parts.push(attachment(bubble, item));
  if (message.template) parts.push(el("div", { class: "bubble" }, `Utility template “${message.template.name}”`));
  return parts.length ? parts : [el("div", { class: "bubble gone" }, "…")];
}

/** The set of a profile field for a person's language, or the default one. */
function localeSet(sets, locale) {
  return sets?.find((set) => set.locale === locale) ?? sets?.find((set) => set.locale === "default");
}

/** What Messenger shows before anybody has said a word, and the menu. */
function firstWords(person, bubbles) {
  const profile = state.pages.find((p) => p.about.id === person.page)?.profile ?? {};
  if (person.platform !== "messenger") return [];
  const tap = (title, payload) => el("button", { type: "button", class: "chip", onclick: () => act({ do: "postback", title, payload }) }, title);
  const parts = [];
  if (bubbles.length === 0) {
    const names = { user_first_name: person.name.split(" ")[0], user_last_name: person.name.split(" ").slice(1).join(" "), user_full_name: person.name };
    const greeting = localeSet(profile.greeting, person.locale)?.text;
    if (greeting) parts.push(el("span", { dir: "auto" }, greeting.replace(/\{\{(user_\w+)\}\}/g, (_, key) => names[key] ?? "")));
    const questions = localeSet(profile.ice_breakers, person.locale)?.call_to_actions ?? [];
    if (questions.length) parts.push(el("div", { class: "chips", role: "group", "aria-label": "Questions to begin with" }, ...questions.map((q) => tap(String(q.question), String(q.payload)))));
  }
  const items = localeSet(profile.persistent_menu, person.locale)?.call_to_actions ?? [];
  if (items.length && person.opened_at !== null) {
    parts.push(el("details", {}, el("summary", {}, "Menu"), el("div", { class: "chips", role: "group", "aria-label": "Menu" },
      ...items.map((item) => (item.type === "web_url" ? button(item) : tap(String(item.title), String(item.payload)))))));
  }
  return parts;
}

function drawThread() {
  const person = thread.person;
  const bubbles = person.thread;
  const typing = person.typing_at !== null && now() - person.typing_at < 20_000;
  const page = currentPage();
  const shown = JSON.stringify([person.id, person.name, bubbles, typing, person.pending_ref, person.platform, person.locale, person.opened_at, state.pages, page, Math.floor(now() / DAY)]);
  if (shown === drawn) return;
  drawn = shown;

  const box = $("thread");
  const nodes = [el("div", { class: "intro" }, el("span", { class: "avatar", "aria-hidden": "true" }, initials(page.name)),
    el("strong", {}, page.name), el("span", {}, person.platform === "instagram" ? `@${page.username}` : `m.me/${page.username}`),
    ...firstWords(person, bubbles))];
  bubbles.forEach((bubble, i) => {
    const before = bubbles[i - 1], after = bubbles[i + 1];
    const mine = bubble.from === "person" || bubble.message.comment === true;
    const apart = !before || bubble.at - before.at > 15 * MINUTE;
    if (apart) nodes.push(el("div", { class: "stamp" }, moment(bubble.at)));
    if (bubble.message.comment) nodes.push(el("div", { class: "via" }, "You commented on a post"));
    if (bubble.via === "notification") nodes.push(el("div", { class: "via" }, icon("bell"), "Update you asked for"));
    else if (bubble.via !== "reply") nodes.push(el("div", { class: "via" }, { human_agent: "Human agent", private_reply: "Private reply to your comment", utility: "Utility message" }[bubble.via] ?? bubble.via));
    else if (!mine && bubble.from !== "page" && before?.from !== bubble.from) nodes.push(el("div", { class: "via" }, HUMAN_NAMES[bubble.from] ?? bubble.from));
    const up = !apart && before && before.from === bubble.from;
    const down = after && after.from === bubble.from && after.at - bubble.at <= 15 * MINUTE;
    const kind = bubble.message.attachment?.payload?.template_type;
    const line = el("div", { class: `line${mine ? " mine" : ""}${up ? " joined-up" : " gap"}${down ? " joined-down" : ""}${kind === "generic" ? " carousel" : ""}`, title: new Date(bubble.at).toLocaleString() });
    if (!mine) line.append(el("span", { class: `avatar${down ? " blank" : ""}`, "aria-hidden": "true" }, initials(page.name)));
    const stack = el("div", { class: `stack${bubble.reaction ? " reacted" : ""}` },
      el("span", { class: "sr" }, `${mine ? "You" : page.name}: `), ...contents(bubble),
      bubble.edits > 0 ? el("div", { class: "meta" }, "Edited") : null,
      bubble.reaction ? el("span", { class: "heart" }, bubble.reaction) : null);
    if (!mine && !bubble.deleted) {
      const has = Boolean(bubble.reaction);
      stack.append(el("button", { type: "button", class: "react", "aria-label": has ? "Take the reaction back" : "React with a heart", onclick: () => act({ do: "react", mid: bubble.mid, emoji: "❤", unreact: has }) }, "♡"));
    }
    line.append(stack);
    nodes.push(line);
  });
  const last = bubbles.at(-1);
  const replies = last?.from === "page" && !last.deleted ? last.message.quick_replies ?? [] : [];
  if (replies.length) {
    nodes.push(el("div", { class: "chips", role: "group", "aria-label": "Quick replies" }, ...replies.map((reply) => {
      const title = reply.title ?? { user_email: "Share e-mail", user_phone_number: "Share phone number" }[reply.content_type] ?? "";
      return el("button", { type: "button", class: "chip", onclick: () => act({ do: "quick_reply", title: String(title), payload: String(reply.payload ?? "") }) }, String(title));
    })));
  }
  if (typing) nodes.push(el("div", { class: "line gap" }, el("span", { class: "avatar", "aria-hidden": "true" }, initials(page.name)), el("div", { class: "stack" }, el("div", { class: "bubble dots", role: "img", "aria-label": `${page.name} is typing` }, el("i"), el("i"), el("i")))));
  const focused = document.activeElement?.closest?.(".thread") && document.activeElement !== box;
  box.replaceChildren(...nodes);
  box.scrollTop = box.scrollHeight;
  if (focused) $("text").focus({ preventScroll: true });
}

function drawPhone() {
  const person = thread.person, page = currentPage();
  document.body.classList.toggle("instagram", person.platform === "instagram");
  $("page-name").textContent = page.name;
  $("page-note").textContent = person.platform === "instagram" ? "Instagram · Business chat" : "Typically replies instantly";
  $("avatar").textContent = initials(page.name);
  const fresh = person.opened_at === null && person.thread.length === 0 && person.platform === "messenger";
  const profile = state.pages.find((p) => p.about.id === person.page)?.profile;
  const breakers = Boolean(profile?.ice_breakers);
  // Meta shows Get Started where the Page has set it and no questions stand in its place.
  $("screen").classList.toggle("fresh", fresh && Boolean(profile?.get_started) && !breakers);
  // Where Get Started is set, Messenger hides the keyboard until it was tapped.
  $("screen").classList.toggle("strict", fresh && Boolean(profile?.get_started) && !breakers);
  $("start-note").textContent = person.pending_ref !== null
    ? "You followed a link. Get Started tells the shop which."
    : `When you tap Get Started, ${page.name} will see your public info.`;
  const writing = $("text").value.trim() === "";
  $("composer").classList.toggle("empty", writing);
  $("block").textContent = person.blocked ? "Unblock the Page" : "Block the Page";
  const pill = $("window");
  pill.textContent = thread.window_open ? "window open" : "window closed";
  pill.className = `pill ${thread.window_open ? "good" : ""}`;
}

// ---- the panels -------------------------------------------------------------------------------

function options(select, list, value) {
  const same = select.options.length === list.length && list.every(([v, t], i) => select.options[i].value === v && select.options[i].text === t);
  if (!same) select.replaceChildren(...list.map(([v, t]) => el("option", { value: v }, t)));
  if (document.activeElement !== select || select.value === "") select.value = value;
}

function drawPanel() {
  const person = thread.person;
  options($("person"), state.people.map((p) => [p.id, `${p.name}${p.platform === "instagram" ? " · Instagram" : ""}`]), who);
  options($("page"), state.pages.map((p) => [p.about.id, p.about.name]), person.page);
  $("page-label").hidden = state.pages.length < 2;
  if (document.activeElement !== $("name")) $("name").value = person.name;
  const locales = [...new Set([...state.languages.map((l) => LOCALES[l.slice(0, 2)] ?? l.replace("-", "_")), person.locale, ...Object.values(LOCALES)])];
  options($("locale"), locales.map((l) => [l, l]), person.locale);
  $("messenger").setAttribute("aria-pressed", String(person.platform === "messenger"));
  $("instagram").setAttribute("aria-pressed", String(person.platform === "instagram"));
  $("instagram").disabled = !currentPage().instagram_id;
  const signature = JSON.stringify([state.posters, state.worker]);
  if ($("posters").dataset.drawn !== signature) {
    $("posters").dataset.drawn = signature;
    $("posters").replaceChildren(...state.posters.map((poster) => {
      const img = el("img", { src: `/sandbox/qr/${encodeURIComponent(poster.code)}`, alt: "" });
      img.addEventListener("error", () => img.replaceWith(el("span", { class: "noqr" }, "no picture")), { once: true });
      return el("button", { type: "button", class: "poster", "aria-label": `Scan ${poster.place || poster.code}`, onclick: () => scan(poster.code) }, img, el("span", {}, poster.place || poster.code));
    }));
    if (!state.posters.length) $("posters").append(el("span", { class: "cap" }, "The shop has no posters."));
  }
  const faults = new Set(state.faults.map((f) => f.kind));
  for (const b of document.querySelectorAll("[data-fault]")) b.setAttribute("aria-pressed", String(faults.has(b.dataset.fault)));
  $("worker").textContent = state.worker ? state.worker.replace(/^https?:\/\//, "") : "no Worker";
  $("worker").className = `pill ${state.worker ? "good" : "bad"}`;
  const off = state.pages.filter((p) => p.subscribed === null).map((p) => `Webhooks disabled for ${p.about.name}`);
  $("notes").textContent = [...off, ...state.notes.slice(-1)].join(" · ");
}

function drawTime() {
  if (!state) return;
  const at = new Date(now());
  $("now").dateTime = at.toISOString();
  $("now").textContent = at.toLocaleString([], { weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" });
  $("status-time").textContent = clock(at);
}

const unanswered = (call) => call.status === 0 && !["hang", "reset_before", "reset_after"].includes(call.fault);
const said = (body) => body?.entry?.[0]?.messaging?.[0]?.message;
const gist = (message) => message?.text ?? (message?.attachment ?? message?.attachments?.[0])?.payload?.template_type?.replace("_", " ");
const unescape = (body) => { try { return JSON.parse(body); } catch { return body; } };

async function drawLog() {
  const [calls, hooks] = await Promise.all([api("GET", `calls?after=${callsSeen}`), api("GET", `webhooks?after=${hooksSeen}`)]);
  for (const call of calls) wire.set(`g${call.n}`, { call, at: call.at });
  for (const hook of hooks) wire.set(`w${hook.n}`, { hook, at: hook.at });
  // Settled rows need not be asked for again.
  const open = (list, unsettled, seen) => { for (const item of list) { if (unsettled(item)) break; seen = Math.max(seen, item.n); } return seen; };
  callsSeen = open(calls, unanswered, callsSeen);
  hooksSeen = open(hooks, (h) => h.fate === "waiting", hooksSeen);
  if (!calls.length && !hooks.length) return;
  $("quiet").hidden = true;
  const rows = [...wire.entries()].sort((a, b) => b[1].at - a[1].at).slice(0, 120);
  const list = $("log");
  const opened = new Set([...list.querySelectorAll("details[open]")].map((d) => d.dataset.key));
  list.replaceChildren(...rows.map(([key, { call, hook }]) => {
    const ok = call ? call.status >= 200 && call.status < 300 && !call.answer?.error : hook.fate === "delivered";
    const last = hook?.attempts.at(-1);
    const pending = call ? unanswered(call) : hook.attempts.length === 0;
    const code = pending ? "…" : call ? call.status || call.fault : last?.status ?? hook.fate.replace("_", " ");
    const label = call ? `${call.method} /${call.path.replace(/^\d+\//, "")}` : hook.what;
    const notes = call
      ? [call.fault, call.body?.sender_action, gist(call.body?.message)]
      : [hook.attempts.length > 1 ? `${hook.attempts.length} tries` : null, gist(said(unescape(hook.body)))];
    const note = notes.filter(Boolean).join(" · ");
    const ms = call ? call.latency_ms : last?.latency_ms;
    const details = el("details", {}, el("summary", {},
      el("span", { class: `dir${call ? " graph" : ""}`, title: call ? "Graph call" : "webhook" }, call ? "←" : "→"),
      el("span", { class: "what" }, label, note ? el("small", {}, ` ${note}`) : null),
      el("span", { class: `code${pending ? " wait" : ok ? "" : " bad"}` }, String(code)),
      el("span", { class: "ms" }, pending || ms === undefined ? "" : `${ms} ms`)));
    details.dataset.key = key;
    const fill = () => { if (details.open && !details.querySelector("pre")) details.append(el("pre", {}, JSON.stringify(call ? { query: call.query, body: call.body, answer: call.answer } : { body: unescape(hook.body), attempts: hook.attempts }, null, 2))); };
    details.addEventListener("toggle", fill);
    if (opened.has(key)) { details.open = true; fill(); }
    return el("li", {}, details);
  }));
}

// ---- keeping up -------------------------------------------------------------------------------

let refreshing = null, again = false;
/** Asks for everything shown and draws it; many calls at once become two. */
function refresh() {
  if (refreshing) { again = true; return refreshing; }
  refreshing = (async () => {
    do {
      again = false;
      state = await api("GET", "state");
      skew = state.now - Date.now();
      if (!who || !state.people.some((p) => p.id === who)) who = state.people[0]?.id ?? (await api("POST", "people", {})).id;
      thread = await api("GET", `people/${who}`);
      if (!state.people.some((p) => p.id === who)) state = await api("GET", "state");
      drawPhone(); drawPanel(); drawTime(); drawThread();
      await drawLog();
    } while (again);
  })().catch(() => toast("The sandbox does not answer.")).finally(() => { refreshing = null; });
  return refreshing;
}

function listen() {
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/sandbox/live`);
  socket.onopen = refresh;
  socket.onmessage = refresh;
  socket.onclose = () => setTimeout(listen, 1000);
}

// ---- taps -------------------------------------------------------------------------------------

function closeDrawer() {
  document.body.classList.remove("drawer");
  $("open-tools").setAttribute("aria-expanded", "false");
}

function openDrawer() {
  document.body.classList.add("drawer");
  $("open-tools").setAttribute("aria-expanded", "true");
  if (matchMedia("(max-width: 760px)").matches) $("close-tools").focus();
}

function become(id) {
  who = id;
  $("text").value = "";
  return refresh();
}

/** The same human elsewhere is another person to the Page: switch to one there, or make one. */
function moveTo(page, platform) {
  const known = state.people.find((p) => p.page === page && p.platform === platform);
  return doing(async () => {
    const person = known ?? await api("POST", "people", { page, platform, locale: thread.person.locale });
    await become(person.id);
  });
}

function scan(code) {
  closeDrawer();
  return doing(async () => {
    const landing = await api("POST", "scan", { person: who, code });
    if (landing.landing === "page") toast(`The link opens a web page (${landing.status}).`);
    if (landing.landing === "nowhere") toast(`The scan leads nowhere: ${landing.why}`);
  });
}

$("composer").onsubmit = (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text) return;
  $("text").value = "";
  $("composer").classList.add("empty");
  act({ do: "message", text });
};
$("text").oninput = () => $("composer").classList.toggle("empty", $("text").value.trim() === "");
$("like").onclick = () => act({ do: "attachment", kind: "sticker" });
$("picture").onclick = () => act({ do: "attachment", kind: "image", url: "https://scontent.example/picture.jpg" });
$("get-started").onclick = () => act({ do: "get_started" });
$("open-tools").onclick = () => (document.body.classList.contains("drawer") ? closeDrawer() : openDrawer());
$("close-tools").onclick = () => { closeDrawer(); $("open-tools").focus(); };
document.addEventListener("keydown", (event) => { if (event.key === "Escape") closeDrawer(); });
$("person").onchange = () => become($("person").value);
$("new-person").onclick = () => doing(async () => {
  const { page, platform, locale } = thread.person;
  const person = await api("POST", "people", { page, platform, locale });
  await become(person.id);
  closeDrawer();
});
$("name").onchange = () => doing(() => api("POST", `people/${who}`, { name: $("name").value.trim() || thread.person.name }));
$("locale").onchange = () => doing(() => api("POST", `people/${who}`, { locale: $("locale").value }));
$("page").onchange = () => moveTo($("page").value, "messenger");
$("messenger").onclick = () => moveTo(thread.person.page, "messenger");
$("instagram").onclick = () => moveTo(thread.person.page, "instagram");
$("human").onclick = async () => {
  const text = await ask("What does somebody in the shop type?");
  if (text) act({ do: "human_reply", text });
};
$("comment").onclick = async () => {
  const text = await ask("What do they write under the post?");
  if (text) act({ do: "comment", text });
};
$("stop").onclick = () => act({ do: "stop_notifications" });
$("block").onclick = () => doing(() => api("POST", `people/${who}`, { blocked: !thread.person.blocked }));
$("clear").onclick = () => doing(async () => {
  await api("DELETE", "calls");
  wire.clear();
  callsSeen = 0;
  hooksSeen = 0;
  $("log").replaceChildren();
  $("quiet").hidden = false;
});
$("mend").onclick = () => doing(() => api("DELETE", "faults"));
for (const b of document.querySelectorAll("[data-fault]")) {
  b.onclick = () => doing(() => api("POST", "faults", { kind: b.dataset.fault, times: b.dataset.times ? Number(b.dataset.times) : null, ms: Number(b.dataset.ms ?? 0) }));
}

async function jump(body) {
  const buttons = [...document.querySelectorAll("[data-advance], #morning")];
  for (const b of buttons) b.disabled = true;
  await doing(() => api("POST", "clock", body));
  for (const b of buttons) b.disabled = false;
}
for (const b of document.querySelectorAll("[data-advance]")) b.onclick = () => jump({ advance_ms: Number(b.dataset.advance) });
$("morning").onclick = () => {
  const morning = new Date(now());
  if (morning.getHours() >= 8) morning.setDate(morning.getDate() + 1);
  morning.setHours(8, 0, 0, 0);
  jump({ set: morning.getTime() });
};
setInterval(() => { drawTime(); if (thread) drawThread(); }, 1000);
listen();
