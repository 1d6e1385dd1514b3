// The console's page. Everything that it shows comes as text: nothing of a token, an answer or an
// event is ever read as HTML.

const secret = new URLSearchParams(location.search).get("token") ?? "";
const by = (id) => document.getElementById(id);
const say = (id, text) => { by(id).textContent = text; };

async function ask(path, wanted) {
  const options = { headers: { "x-console-token": secret } };
  if (wanted !== undefined) {
    options.method = "POST";
    options.headers["content-type"] = "application/json";
    options.body = JSON.stringify(wanted);
  }
  const answer = await fetch(path, options);
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error ?? `The console answered ${answer.status}.`);
  return told;
}

// Runs what a button or a form asks for, and shows why it did not work.
async function attempt(action) {
  const problem = by("problem");
  try {
    await action();
    problem.hidden = true;
  } catch (error) {
    problem.textContent = error.message;
    problem.hidden = false;
  }
}

const onClick = (element, action) => element.addEventListener("click", () => attempt(action));
const onSubmit = (form, action) => form.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(action);
});

function fill(select, words, label = (word) => word) {
  select.replaceChildren(...words.map((word) => new Option(label(word), word)));
}

function object(id, name) {
  let read;
  try { read = JSON.parse(by(id).value || "{}"); } catch { read = null; }
  if (read === null || typeof read !== "object" || Array.isArray(read)) {
    by(id).focus();
    throw new Error(`${name} must be a JSON object.`);
  }
  return read;
}

// The token, decoded for the eye alone.

function part(segment) {
  const octets = atob(segment.replaceAll("-", "+").replaceAll("_", "/"));
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(octets, (c) => c.charCodeAt(0))));
}

function decoded(token) {
  if (!token) return "No token yet.";
  const segments = token.trim().split(".");
  if (segments.length !== 3) return "This is not a signed JWT: it has not three parts.";
  try {
    const [header, claims] = [part(segments[0]), part(segments[1])];
    const dates = ["iat", "nbf", "exp"].filter((name) => Number.isFinite(claims[name]))
      .map((name) => `${name}  ${new Date(claims[name] * 1000).toISOString()}`);
    return ["header " + JSON.stringify(header, null, 2), "claims " + JSON.stringify(claims, null, 2), ...dates].join("\n");
  } catch {
    return "This is not a signed JWT: its header or its claims are not JSON.";
  }
}

const showToken = () => say("decoded", decoded(by("token").value));

// The answer of the API.

function showAnswer(sent) {
  const good = sent.status < 300;
  say("status", `${sent.status} ${sent.phrase}` + (sent.fetches ? `, after ${sent.fetches} fetch${sent.fetches === 1 ? "" : "es"} of the keys` : ""));
  by("status").className = good ? "good" : sent.status >= 500 ? "bad" : "warn";
  by("body").hidden = !sent.body;
  say("body", sent.body);
  say("challenge", sent.challenge ?? (sent.retry_after ? `Retry-After: ${sent.retry_after}` : "-"));
  say("reason", sent.reason ?? "");
  say("advice", sent.advice ?? (good ? "The token is valid." : "The API refused it by itself."));
  const steps = sent.steps ?? [];
  by("steps").hidden = steps.length === 0;
  by("steps").replaceChildren(...steps.map((step) => {
    const item = document.createElement("li");
    item.className = { passed: "good", failed: "bad", cannot_tell: "warn" }[step.status] ?? "dim";
    item.textContent = `${step.title}: ${step.status.replace("_", " ")}`;
    for (const finding of step.findings.filter((it) => it.status !== "passed")) {
      const line = item.appendChild(document.createElement("div"));
      line.textContent = `${finding.name}: expected ${finding.expected}; found ${finding.found ?? "nothing"}`;
    }
    return item;
  }));
}

// The state, as it comes.

const duration = (seconds) => {
  const size = Math.abs(seconds);
  if (size >= 7200) return `${(seconds / 3600).toFixed(1)} h`;
  return size >= 120 ? `${(seconds / 60).toFixed(1)} min` : `${seconds.toFixed(0)} s`;
};

const WORDS = {
  empty: "no keys were fetched yet; the first request fetches them",
  fresh: "requests are served at once",
  due: "requests are served at once, and one refresh runs behind them",
  stale: "a request waits for a refresh, briefly; the last good keys serve while it fails",
  expired: "nothing is served: 503 until a fetch succeeds",
};

// Each phase has a part of the picture of its own, so that seconds and hours can both be seen.
function place(age, due, stale, expires) {
  const stops = [[0, 0], [due, 320], [stale, 420], [expires, 680], [expires * 1.25, 800]];
  for (let i = 1; i < stops.length; i += 1) {
    const [[from, x], [to, next]] = [stops[i - 1], stops[i]];
    if (age <= to && to > from) return x + ((age - from) / (to - from)) * (next - x);
  }
  return 800;
}

function showLife(state) {
  say("phase", state.phase);
  say("phase-words", WORDS[state.phase]);
  say("clock", duration(state.now));
  say("age", state.age === null ? "-" : duration(state.age));
  say("next", state.next_refresh_in > 0 ? `in ${duration(state.next_refresh_in)}` : "with the next request");
  say("requests", state.requests);
  say("failures", state.failures);
  say("budget", state.budget.toFixed(1));
  const stale = state.lifetime;
  const due = 0.8 * stale;
  const expires = stale + state.max_stale;
  say("due-at", duration(due));
  say("stale-at", duration(stale));
  say("expires-at", duration(expires));
  const now = by("now");
  now.setAttribute("visibility", state.age === null ? "hidden" : "visible");
  if (state.age !== null) {
    now.setAttribute("transform", `translate(${place(state.age, due, stale, expires).toFixed(1)} 0)`);
  }
  say("timeline-title", state.age === null
    ? "The key set was not fetched yet."
    : `The key set is ${state.phase}: fetched ${duration(state.age)} ago, stale after ${duration(stale)}, expired after ${duration(expires)}.`);
  const fetched = state.age === null ? Infinity : state.now - state.age;
  by("marks").replaceChildren(...state.entries.filter((entry) => entry.at >= fetched).map((entry) => {
    const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
    const x = place(entry.at - fetched, due, stale, expires).toFixed(1);
    for (const [name, value] of [["x1", x], ["x2", x], ["y1", 49], ["y2", 60]]) line.setAttribute(name, value);
    line.setAttribute("class", entry.kind);
    return line;
  }));
}

let shownEntries = 0;
function showEntries(entries) {
  const newest = entries.length ? entries[entries.length - 1].number : 0;
  if (newest === shownEntries) return;
  shownEntries = newest;
  by("entries").start = newest;
  by("entries").replaceChildren(...entries.toReversed().map((entry) => {
    const item = document.createElement("li");
    item.className = { failed: "bad", phase: "warn", fetched: "good" }[entry.kind] ?? "";
    item.textContent = `${duration(entry.at)}  ${entry.text}`;
    return item;
  }));
}

let shownKeys = "";
function showKeys(keys) {
  const told = JSON.stringify(keys);
  // Not drawn anew without need: whoever stands on a button stays there.
  if (told === shownKeys) return;
  shownKeys = told;
  by("keys").replaceChildren(...keys.map((key) => {
    const row = document.createElement("tr");
    const [kid, state, change] = ["td", "td", "td"].map((tag) => row.appendChild(document.createElement(tag)));
    kid.className = "kid";
    kid.textContent = key.kid;
    state.textContent = [
      key.signs ? "signs" : "published",
      key.at_hand ? "known to the API" : "not known to the API",
      ...(key.distrusted ? ["distrusted"] : []),
    ].join(", ");
    const ways = [["withdraw", "Withdraw"], key.distrusted ? ["trust_again", "Trust again"] : ["distrust", "Distrust"]];
    for (const [way, words] of ways) {
      const button = change.appendChild(document.createElement("button"));
      button.type = "button";
      button.textContent = words;
      button.setAttribute("aria-label", `${words} the key ${key.kid}`);
      onClick(button, () => ask("/keys", { way, kid: key.kid }));
    }
    return row;
  }));
}

function showFaults(faults) {
  for (const form of document.querySelectorAll("[data-endpoint]")) {
    const fault = faults[form.dataset.endpoint];
    const line = form.querySelector(".fault");
    const words = fault === undefined ? "healthy" : `broken: ${fault}`;
    if (line.textContent !== words) line.textContent = words;
    line.classList.toggle("bad", fault !== undefined);
  }
}

function listen() {
  const stream = new EventSource(`/events?token=${encodeURIComponent(secret)}`);
  stream.addEventListener("open", () => say("connection", "Live."));
  stream.addEventListener("error", () => say("connection", "Not connected. The page tries again."));
  stream.addEventListener("message", (message) => {
    const state = JSON.parse(message.data);
    say("issuer", state.issuer);
    say("audience", state.audience);
    showLife(state);
    showEntries(state.entries);
    showKeys(state.keys);
    showFaults(state.faults);
  });
}

// The forms and buttons.

onSubmit(by("mint"), async () => {
  const { token } = await ask("/mint", {
    shape: by("shape").value,
    forgery: by("forgery").value,
    scopes: by("scopes").value,
    lifetime: Number(by("lifetime").value),
    claims: object("claims", "Claims"),
    header: object("header", "Header members"),
  });
  by("token").value = token;
  showToken();
});
by("token").addEventListener("input", showToken);
onSubmit(by("send"), async () => {
  showAnswer(await ask("/send", { token: by("token").value.trim(), path: by("path").value }));
});
for (const button of document.querySelectorAll("[data-keys]")) {
  onClick(button, () => ask("/keys", { way: button.dataset.keys, kid: "" }));
}
for (const button of document.querySelectorAll("[data-advance]")) {
  onClick(button, () => ask("/clock", { seconds: Number(button.dataset.advance) }));
}
for (const form of document.querySelectorAll("[data-endpoint]")) {
  const name = form.dataset.endpoint;
  onSubmit(form, () => {
    const number = by(`${name}-number`).value.trim();
    return ask("/fault", { text: [name, by(`${name}-fault`).value, ...(number ? [number] : [])].join(":") });
  });
}
for (const button of document.querySelectorAll("[data-mend]")) {
  onClick(button, () => ask("/mend", { endpoint: button.dataset.mend }));
}
onSubmit(by("cache"), () => ask("/cache-control", { value: by("cache-control").value.trim() || null }));

attempt(async () => {
  const choices = await ask("/choices");
  fill(by("shape"), choices.shapes);
  fill(by("forgery"), choices.forgeries);
  fill(by("path"), choices.paths);
  for (const id of ["jwks-fault", "discovery-fault"]) {
    fill(by(id), Object.keys(choices.faults), (name) => `${name}: ${choices.faults[name]}`);
  }
  listen();
});
