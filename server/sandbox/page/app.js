import { element, message } from "./draw.js";
import { words } from "./words.js";

const byID = (id) => document.getElementById(id);
const mostShown = 300; // messages drawn per chat
const state = { lang: "zh", chats: [], users: [], chat: "", messages: [], last: 0, clock: null, faults: [], unread: new Map() };

function t(key, ...values) {
  const text = words[state.lang][key] ?? key;
  return text.replace(/\{(\d)\}/g, (_, i) => String(values[Number(i)] ?? ""));
}

const locale = () => (state.lang === "zh" ? "zh-CN" : "en");

class Refused extends Error {}

async function api(method, path, body) {
  let response;
  try {
    response = await fetch(`api/${path}`, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Refused(t("offline"));
  }
  const answer = await response.json().catch(() => null);
  if (!response.ok || answer === null)
    throw new Refused(answer?.error ? t(`error.${answer.error.code}`) + answer.error.message : t("offline"));
  return answer;
}

function notice(text) {
  byID("notice").textContent = text;
  byID("notice").hidden = !text;
}

// attempt runs what a form asks for; its error becomes the notice.
async function attempt(action) {
  try {
    await action();
    notice("");
  } catch (error) {
    notice(error instanceof Refused ? error.message : String(error));
  }
}

function drawWords() {
  document.documentElement.lang = locale();
  document.title = t("title");
  for (const e of document.querySelectorAll("[data-text]")) e.textContent = t(e.dataset.text);
  byID("language").textContent = t("other");
  byID("language").lang = state.lang === "zh" ? "en" : "zh-CN";
}

function drawChats() {
  byID("chat-list").replaceChildren(...state.chats.map((chat) => {
    const unread = state.unread.get(chat.robot) ?? 0;
    const button = element("button", "", chat.title, unread ? element("span", "badge", String(unread)) : null);
    button.type = "button";
    button.setAttribute("aria-current", String(chat.robot === state.chat));
    button.addEventListener("click", () => {
      state.chat = chat.robot;
      state.unread.delete(chat.robot);
      drawChats();
      drawMessages();
    });
    return element("li", "", button);
  }));
  byID("chat-title").textContent = state.chats.find((c) => c.robot === state.chat)?.title ?? "";
}

function drawMessages() {
  const list = byID("messages");
  const title = state.chats.find((c) => c.robot === state.chat)?.robot ?? "";
  const shown = state.messages.filter((m) => m.robot === state.chat).slice(-mostShown);
  list.replaceChildren(...shown.map((m) => message(m, title, state.users, t, locale())));
  if (!shown.length) list.append(element("li", "empty", t("empty")));
  list.scrollTop = list.scrollHeight;
}

function drawClock() {
  if (!state.clock) return;
  const now = new Date(state.clock.now).toLocaleString(locale());
  const ahead = Math.round(state.clock.offsetSeconds);
  byID("clock").textContent = ahead ? t("clockAhead", now, ahead) : t("clockShows", now);
}

function drawFaults() {
  byID("faults").replaceChildren(...state.faults.map((f) =>
    element("li", "", element("code", "", f.path), ` ${t(`kind.${f.kind}`)} `, f.times ? t("faultLeft", f.times) : t("faultAlways"))));
}

function drawAll() {
  drawWords();
  drawChats();
  drawMessages();
  drawClock();
  drawFaults();
}

async function readMessages() {
  const fresh = await api("GET", `messages?since=${state.last}`);
  if (!fresh.length) return;
  state.last = fresh[fresh.length - 1].id;
  state.messages = state.messages.concat(fresh).slice(-3000);
  for (const m of fresh) if (m.robot !== state.chat) state.unread.set(m.robot, (state.unread.get(m.robot) ?? 0) + 1);
  drawChats();
  drawMessages();
}

// readAll looks at everything once. A robot may have been added, and a restarted
// sandbox counts its messages from one again: then the page starts over too.
async function readAll() {
  const before = state.clock;
  [state.clock, state.faults] = await Promise.all([api("GET", "clock"), api("GET", "faults")]);
  const chats = await api("GET", "conversations");
  if (before && state.clock.startId !== before.startId) {
    state.messages = [];
    state.last = 0;
  }
  if (chats.length !== state.chats.length) {
    state.chats = chats;
    if (!chats.some((c) => c.robot === state.chat)) state.chat = chats[0]?.robot ?? "";
    drawChats();
    drawMessages();
  }
  drawClock();
  drawFaults();
  await readMessages();
}

async function watch() {
  let offline = false;
  for (;;) {
    try {
      await readAll();
      if (offline) notice("");
      offline = false;
    } catch (error) {
      offline = true;
      notice(error instanceof Refused ? error.message : String(error));
    }
    await new Promise((done) => setTimeout(done, document.hidden ? 5000 : 1000));
  }
}

function onSubmit(id, action) {
  byID(id).addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(() => action(new FormData(event.target)));
  });
}

onSubmit("event-form", async (form) => {
  let data = null;
  try {
    data = JSON.parse(form.get("data") || "{}");
  } catch {
    data = null;
  }
  if (data === null || typeof data !== "object" || Array.isArray(data)) throw new Refused(t("badData"));
  byID("event-answer").textContent = t("pushing");
  try {
    const result = await api("POST", "events", { eventType: form.get("eventType"), data });
    byID("event-answer").textContent = result.delivered ? t("delivered", result.attempts) : t("notDelivered", result.attempts, result.reason);
  } catch (error) {
    byID("event-answer").textContent = "";
    throw error;
  }
});

onSubmit("wechat-form", async (form) => {
  const person = {};
  for (const field of ["openid", "unionid", "phone"]) if (form.get(field)) person[field] = form.get(field);
  const codes = await api("POST", "wechat/codes", person);
  byID("wechat-answer").replaceChildren(
    element("p", "", `${t("code")} `, element("code", "", codes.code)),
    element("p", "", `${t("phoneCode")} `, element("code", "", codes.phoneCode)));
});

onSubmit("clock-form", async (form) => {
  state.clock = await api("POST", "clock", { advanceSeconds: Number(form.get("seconds")) });
  drawClock();
});

onSubmit("fault-form", async (form) => {
  const fault = { path: form.get("path"), kind: form.get("kind"), times: Number(form.get("times")) };
  if (fault.kind === "errcode") fault.errcode = Number(form.get("errcode"));
  state.faults = await api("PUT", "faults", [...state.faults, fault]);
  drawFaults();
});

byID("clear-faults").addEventListener("click", () => attempt(async () => {
  state.faults = await api("DELETE", "faults");
  drawFaults();
}));

byID("language").addEventListener("click", () => {
  state.lang = state.lang === "zh" ? "en" : "zh";
  try {
    localStorage.setItem("sandbox.lang", state.lang);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  drawAll();
});

try {
  if (localStorage.getItem("sandbox.lang") === "en") state.lang = "en";
} catch {
  // See above.
}
drawWords();
attempt(async () => {
  state.users = await api("GET", "users");
}).then(watch);
