// Draws messages roughly as DingTalk does. Whatever a message says becomes text
// nodes; nothing from it is ever parsed as HTML, and only http and https links
// can be clicked. Pictures are named, not loaded: the page fetches nothing from
// outside.

export function element(tag, className, ...children) {
  const e = document.createElement(tag);
  if (className) e.className = className;
  e.append(...children.filter((c) => c !== null && c !== undefined && c !== ""));
  return e;
}

// webAddress returns the address when it may be clicked, else null.
// DingTalk's own wrapper around a web address is taken off first.
export function webAddress(text) {
  if (typeof text !== "string") return null;
  let url;
  try {
    url = new URL(text.trim());
    if (url.protocol === "dingtalk:" && url.searchParams.has("url")) url = new URL(url.searchParams.get("url"));
  } catch {
    return null;
  }
  return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
}

export function link(address, className, ...children) {
  const href = webAddress(address);
  if (!href) {
    const dead = element("span", `${className} dead`, ...children);
    dead.title = String(address ?? "");
    return dead;
  }
  const a = element("a", className, ...children);
  a.href = href;
  a.target = "_blank";
  a.rel = "noopener noreferrer";
  return a;
}

function picture(address, text, t) {
  return link(address, "picture", `[${text || t("picture")}]`);
}

// mentions splits plain text at the @s that the platform would show. people maps
// what stands behind the @ to how it is shown.
function mentions(text, people) {
  const keys = Object.keys(people).sort((a, b) => b.length - a.length);
  const out = [];
  let rest = text;
  while (rest) {
    let at = -1;
    let key = "";
    for (const k of keys) {
      const i = rest.indexOf(`@${k}`);
      if (i >= 0 && (at < 0 || i < at)) [at, key] = [i, k];
    }
    if (at < 0) break;
    if (at > 0) out.push(rest.slice(0, at));
    out.push(element("span", "mention", `@${people[key]}`));
    rest = rest.slice(at + key.length + 1);
  }
  if (rest) out.push(rest);
  return out;
}

const inlineMark = /!\[([^\]\n]*)\]\(([^)\s]+)\)|\[([^\]\n]+)\]\(([^)\s]+)\)|\*\*([^*\n]+)\*\*|\*([^*\n]+)\*/;

// inline draws one line of markdown: picture, link, bold, italic. Bold, italic
// and link texts may hold one another, down to a fixed depth.
function inline(text, ctx, depth = 0) {
  const out = [];
  let rest = text;
  while (rest) {
    const m = depth < 4 ? inlineMark.exec(rest) : null;
    if (!m) break;
    if (m.index > 0) out.push(...mentions(rest.slice(0, m.index), ctx.people));
    if (m[2] !== undefined) out.push(picture(m[2], m[1], ctx.t));
    else if (m[4] !== undefined) out.push(link(m[4], "link", ...inline(m[3], ctx, depth + 1)));
    else if (m[5] !== undefined) out.push(element("strong", "", ...inline(m[5], ctx, depth + 1)));
    else out.push(element("em", "", ...inline(m[6], ctx, depth + 1)));
    rest = rest.slice(m.index + m[0].length);
  }
  if (rest) out.push(...mentions(rest, ctx.people));
  return out;
}

// markdown draws the subset DingTalk promises: headings, quotes, lists, and what
// inline knows. Everything else stays text.
export function markdown(text, ctx) {
  const box = element("div", "markdown");
  let list = null;
  for (const line of String(text).split("\n")) {
    const item = /^\s*(?:([-*+])|(\d{1,9})\.)\s+(.*)$/.exec(line);
    if (item) {
      const tag = item[1] ? "UL" : "OL";
      if (!list || list.tagName !== tag) {
        list = element(tag);
        if (item[2]) list.start = Number(item[2]);
        box.append(list);
      }
      list.append(element("li", "", ...inline(item[3], ctx)));
      continue;
    }
    list = null;
    const heading = /^\s*(#{1,6})\s+(.*)$/.exec(line);
    const quote = /^\s*>\s?(.*)$/.exec(line);
    if (heading) box.append(element("p", `heading h${heading[1].length}`, ...inline(heading[2], ctx)));
    else if (quote) box.append(element("blockquote", "", ...inline(quote[1], ctx)));
    else if (line.trim()) box.append(element("p", "", ...inline(line, ctx)));
  }
  return box;
}

const drawers = {
  text: (b, ctx) => element("div", "text", ...mentions(String(b.content ?? ""), ctx.people)),
  markdown: (b, ctx) => markdown(b.text ?? "", ctx),
  link: (b, ctx) =>
    link(b.messageUrl, "card", element("strong", "", String(b.title ?? "")), element("p", "", String(b.text ?? "")),
      b.picUrl ? element("span", "picture", `[${ctx.t("picture")}]`) : null),
  actionCard: (b, ctx) => {
    const single = b.singleTitle && b.singleURL;
    const buttons = single ? [{ title: b.singleTitle, actionURL: b.singleURL }] : Array.isArray(b.btns) ? b.btns : [];
    const row = element("div", b.btnOrientation === "1" ? "buttons across" : "buttons");
    for (const button of buttons) row.append(link(button?.actionURL, "button", String(button?.title ?? "")));
    return element("div", "card", element("strong", "", String(b.title ?? "")), markdown(b.text ?? "", ctx), row);
  },
  feedCard: (b, ctx) => {
    const card = element("div", "card feed");
    for (const entry of Array.isArray(b.links) ? b.links : [])
      card.append(link(entry?.messageURL, "entry", String(entry?.title ?? ""), element("span", "picture", `[${ctx.t("picture")}]`)));
    return card;
  },
};

// peopleOf maps what a mention may be written as to what is shown. Mobiles of
// nobody in the group are masked.
export function peopleOf(message, users, t) {
  const people = Object.create(null);
  const m = message.mentions ?? {};
  for (const mobile of m.atMobiles ?? []) {
    if (!mobile) continue;
    const user = users.find((u) => u.phone.endsWith(mobile.replace(/^\+?86-?(?=\d{11}$)|^\+/, "")) && mobile.length >= 11);
    people[mobile] = user ? user.name : mobile.length > 7 ? `${mobile.slice(0, -8)}****${mobile.slice(-4)}` : "****";
  }
  const ids = message.msgtype === "actionCard" ? m.shownUserIds ?? [] : m.atUserIds ?? [];
  for (const id of ids) {
    const user = users.find((u) => u.userid === id);
    if (user) people[id] = user.name;
  }
  return people;
}

export function message(m, robotTitle, users, t, locale) {
  const ctx = { t, people: peopleOf(m, users, t) };
  const draw = Object.hasOwn(drawers, m.msgtype) ? drawers[m.msgtype] : null;
  const body = m.body && typeof m.body === "object" ? m.body : {};
  const bubble = element("div", `bubble ${draw ? m.msgtype : ""}`);
  bubble.append(draw ? draw(body, ctx) : t("unknownType", m.msgtype));
  if (m.mentions?.isAtAll) bubble.append(element("span", "mention", t("atAll")));
  const at = new Date(m.at);
  const time = element("time", "", at.toLocaleTimeString(locale));
  time.dateTime = at.toISOString();
  const notified = m.mentions?.isAtAll ? [] : (m.mentions?.notifiedUserIds ?? []).map((id) => users.find((u) => u.userid === id)?.name ?? id);
  return element("li", "message",
    element("span", "avatar", [...robotTitle][0]?.toUpperCase() ?? ""),
    element("div", "said",
      element("p", "who", element("b", "", robotTitle), " ", element("span", "tag", t("robot")), " ", time),
      bubble,
      notified.length ? element("p", "who", t("notified", notified.join("、"))) : null));
}
