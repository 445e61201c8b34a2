// SPDX-License-Identifier: MIT
// The local page: builds a card per device once, and writes into it what each event says. Texts
// from the bridge only ever become text nodes.
"use strict";

const HISTORY_MS = 10000;
const page = {devices: new Map(), generation: null, history: {}, findings: [], sampled: 0, events: null, mayCommand: false};

// ---- devices ----

function makeRow(entry) {
    const row = {value: document.createTextNode("—"), age: make("small"), curve: makeCurve(), entry};
    row.cell = make("td", {class: "value"}, row.value, row.age);
    row.element = make("tr", {}, make("th", {scope: "row", title: entry.description}, entry.display_name), row.cell,
        make("td", {class: "trend"}, row.curve));
    return row;
}

function makeTable(caption, rows) {
    const head = ["Value", "Trend"].map((text) => make("th", {scope: "col"}, text));
    return make("table", {"aria-label": caption}, make("thead", {}, make("tr", {}, make("th", {scope: "col"}, "Name"), ...head)),
        make("tbody", {}, ...rows.map((row) => row.element)));
}

function makeDevice(described, isOpen) {
    const device = {described, rows: new Map(), word: make("span"), fault: make("p"), alerts: make("ul", {class: "alerts"})};
    for (const entry of described.entries)
        device.rows.set(entry.key, makeRow(entry));
    const of = (section) => [...device.rows.values()].filter((row) => row.entry.section === section);
    const kind = [described.vendor, described.model].filter(Boolean).join(" ") || described.map;
    const properties = of("properties");
    device.commands = make("details", {}, make("summary", {}, "Send a command"));
    device.card = make("details", {class: "card", open: isOpen},
        make("summary", {}, make("h3", {}, described.device), " ", device.word),
        make("p", {class: "faint"}, `${kind}, unit ${described.unit} of bus ${described.bus}`), device.fault, device.alerts,
        makeTable(`What ${described.device} measures`, of("telemetry")),
        properties.length ? make("details", {}, make("summary", {}, "Properties"),
            makeTable(`Properties of ${described.device}`, properties)) : null,
        described.commands.length ? device.commands : null);
    described.commands.forEach((command) => device.commands.append(makeCommand(described, command)));
    return device;
}

function showValue(row, said) {
    const unit = unitText(row.entry.unit);
    const known = said.value !== undefined;
    const text = known ? valueText(said.value) + (unit && ` ${unit}`) : said.absent ? "none" : "—";
    if (row.value.data !== text)
        row.value.data = text;
    row.cell.title = known ? String(said.value) : "";
    const every = row.entry.every_ms === undefined ? Infinity : row.entry.every_ms;
    const old = said.age_ms !== undefined && (known ? said.age_ms > 3 * every + 5000 : !said.absent);
    const reason = [said.fault, old ? `${duration(said.age_ms)} old` : ""].filter(Boolean).join(", ");
    setText(row.age, reason);
    row.cell.classList.toggle("warn", Boolean(said.fault));
}

function alertItem(device, key, detail) {
    const described = device.described.alerts.find((alert) => alert.key === key) || {display_name: key, severity: "warning"};
    const [word, kind] = SEVERITIES[described.severity];
    const help = described.troubleshooting || [];
    return make("li", {class: kind}, make("strong", {}, `${word}: ${described.display_name}`),
        described.description ? make("p", {}, described.description) : null, detail ? make("p", {}, detail) : null,
        help.length ? make("ul", {}, ...help.map((text) => make("li", {}, text))) : null);
}

function showAlerts(device, said) {
    const details = said.alert_details || {};
    const text = (key) => details[key] && details[key].errmsg;
    const keys = said.alerts || [];
    const shown = JSON.stringify([keys, details, said.conn_alerts]);
    if (device.shown === shown)
        return;
    device.shown = shown;
    const items = keys.map((key) => alertItem(device, key, text(key)));
    if ((said.conn_alerts || []).includes("partial_failure"))
        items.push(make("li", {class: "warn"}, make("strong", {}, "Not everything could be read"),
            make("p", {}, text("partial_failure") || "")));
    device.alerts.replaceChildren(...items);
}

function showDevice(device, said, unit) {
    const health = unit && unit.health ? unit.health : {state: said.health};
    const [words, kind] = healthWords(health);
    const active = (said.alerts || []).length;
    setWord(device.word, active ? `${words}, ${count(active, "alert", "alerts")}` : words, active && kind === "good" ? "warn" : kind);
    const next = health.next_probe_in_ms === undefined ? "" : `; asked again in ${duration(health.next_probe_in_ms)}`;
    setText(device.fault, health.state === "offline" ? `${health.advice || ""}${next}` : "");
    device.fault.className = "bad";
    device.card.classList.toggle("is-bad", kind === "bad");
    showAlerts(device, said);
    for (const [key, row] of device.rows)
        showValue(row, said.values[key] || {});
    device.commands.hidden = !page.mayCommand;
}

// ---- commands ----

function inputFor(argument, id) {
    const limits = {min: Number.isFinite(argument.min) ? argument.min : undefined, max: Number.isFinite(argument.max) ? argument.max : undefined};
    const common = {id, name: argument.key, required: argument.required};
    if (argument.choices)
        return make("select", common, argument.required ? null : make("option", {value: ""}, "(not given)"),
            ...argument.choices.map((choice) => make("option", {value: choice, selected: choice === argument.default}, choice)));
    if (argument.type === "boolean")
        return make("input", {id, name: argument.key, type: "checkbox", checked: argument.default === true});
    if (argument.type === "string")
        return make("input", {...common, type: argument.sensitive ? "password" : "text", maxlength: 256, value: argument.default});
    return make("input", {...common, ...limits, type: "number", inputmode: "decimal",
        step: argument.type === "integer" ? "1" : "any", value: argument.default});
}

function labelFor(argument, id) {
    const unit = unitText(argument.unit) || (argument.type === "duration" ? "s" : "");
    const limits = [argument.min, argument.max].map((limit) => limit === undefined ? "" : String(limit));
    const range = limits[0] || limits[1] ? `${limits[0] || "…"} to ${limits[1] || "…"}` : "";
    const about = [range, unit].filter(Boolean).join(" ");
    return make("label", {for: id}, argument.display_name + (about ? ` (${about})` : "") + (argument.required ? "" : ", optional"));
}

// What was filled in, in the types of the command; empty fields are left out.
function argumentsOf(form, command) {
    const given = {};
    for (const argument of command.arguments) {
        const input = form.elements.namedItem(argument.key);
        if (argument.type === "boolean" && !argument.choices)
            given[argument.key] = input.checked;
        else if (input.value !== "")
            given[argument.key] = argument.type === "string" || argument.choices ? input.value : Number(input.value);
    }
    return given;
}

function makeCommand(device, command) {
    const form = make("form", {class: "command", "data-command": command.key, "aria-label": `${command.display_name} of ${device.device}`},
        make("h4", {}, command.display_name), command.description ? make("p", {class: "faint"}, command.description) : null);
    for (const argument of command.arguments) {
        const id = `${device.device}/${command.key}/${argument.key}`;
        form.append(labelFor(argument, id), inputFor(argument, id));
        if (argument.description)
            form.append(make("p", {class: "faint"}, argument.description));
    }
    form.append(make("button", {}, `${command.display_name} …`));
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        confirmCommand(device, command, argumentsOf(form, command));
    });
    return form;
}

function confirmCommand(device, command, given) {
    const asked = command.confirmation || {};
    const secret = new Set(command.arguments.filter((argument) => argument.sensitive).map((argument) => argument.key));
    const row = (name, text) => [make("dt", {}, name), make("dd", {}, text)];
    const named = (key) => command.arguments.find((argument) => argument.key === key);
    setText(find("confirmation-title"), asked.title || `${command.display_name}?`);
    setText(find("confirmation-text"), asked.description || "This writes to the equipment now.");
    setText(find("confirmation-error"), "");
    find("confirmation-list").replaceChildren(...row("Device", device.device), ...row("Command", `${command.display_name} (${command.key})`),
        ...Object.entries(given).flatMap(([key, value]) =>
            row(named(key).display_name, secret.has(key) ? "•••" : `${valueText(value)} ${unitText(named(key).unit)}`)));
    const yes = find("confirmation-yes");
    yes.disabled = false;
    yes.onclick = () => sendCommand({device: device.device, name: command.key, arguments: given}, yes);
    find("confirmation").showModal();
}

async function sendCommand(order, button) {
    button.disabled = true;
    try {
        await post("/api/command", order);
        find("confirmation").close();
        find("commands").scrollIntoView();
    } catch (error) {
        setText(find("confirmation-error"), error.message);
        button.disabled = false;
    }
}

function timeLine(command) {
    const at = command.timestamp ? new Date(command.timestamp * 1000).toLocaleString() : "";
    const waited = command.started_age_ms === undefined ? null : command.received_age_ms - command.started_age_ms;
    const took = command.finished_age_ms === undefined || command.started_age_ms === undefined ? null
        : command.started_age_ms - command.finished_age_ms;
    return [at, waited > 1000 ? `waited ${duration(waited)}` : "", took === null ? "" : `took ${(took / 1000).toFixed(1)} s`,
        command.finished_age_ms === undefined && command.started_age_ms !== undefined ? `for ${duration(command.started_age_ms)}` : ""]
        .filter(Boolean).join(", ");
}

function commandItem(command) {
    const word = make("span");
    setWord(word, ...(STATES[command.state] || [command.state, "faint"]));
    const began = command.started_age_ms === undefined ? command.received_age_ms : command.started_age_ms;
    const log = (command.log || []).map((line) => make("li", {}, `after ${((began - line.age_ms) / 1000).toFixed(1)} s: ${line.text}`));
    return make("li", {class: "card"}, word, ` ${command.device}: `, make("strong", {}, command.name || "(no command)"),
        command.arguments ? ` (${command.arguments})` : "", make("p", {class: "faint"}, timeLine(command) + ({cloud: ", from the cloud", local: ", from this gateway"}[command.origin] || "")),
        command.message ? make("p", {}, command.message) : null, log.length ? make("ol", {}, ...log) : null);
}

function showCommands(commands) {
    const list = commands || [];
    setText(find("commands-note"), list.length ? "" : "None since the bridge was started." );
    const shown = JSON.stringify(list.map((command) => [command.id, command.state, command.message, (command.log || []).length,
        command.state === "running" ? command.started_age_ms : 0]));
    if (page.shownCommands === shown)
        return;
    page.shownCommands = shown;
    find("command-list").replaceChildren(...list.slice().reverse().map(commandItem));
}

// ---- buses, cloud, configuration ----

function card(title, words, pairs, note) {
    const word = make("span");
    setWord(word, ...words);
    const rows = pairs.filter((pair) => pair[1] !== undefined && pair[1] !== "");
    return make("article", {class: words[1] === "bad" ? "card is-bad" : "card"}, make("h3", {}, title), " ", word,
        note ? make("p", {}, note) : null,
        make("dl", {}, ...rows.flatMap(([name, what]) => [make("dt", {}, name), make("dd", {}, what)])));
}

function busCard(bus) {
    const link = bus.link || {state: "untried"};
    const since = link.for_ms === undefined ? "" : ` for ${duration(link.for_ms)}`;
    const words = {open: [`open${since}`, "good"], failed: [`FAILED${since}`, "bad"]}[link.state] || [link.state, "faint"];
    const offline = bus.units.filter((unit) => unit.health && unit.health.state === "offline").length;
    const busy = bus.utilisation === undefined ? undefined
        : make("span", {}, `${(100 * bus.utilisation).toFixed(1)} % `, make("meter", {min: 0, max: 1, high: 0.85, value: bus.utilisation, "aria-label": "busy share"}));
    return card(bus.name, bus.stale ? ["does not answer now", "warn"] : words, [["Where", bus.place], ["Busy", busy],
        ["Devices", `${bus.units.length}${offline ? `, ${offline} offline` : ""}`],
        ["Requests", bus.requests === undefined ? "" : `${bus.requests}, ${bus.timeouts} without answer, ${bus.exceptions} refused, ${bus.garbled} garbled`],
        ["Missed", bus.missed === undefined ? "" : count(bus.missed, "period", "periods")]], link.reason);
}

function cloudCard(cloud) {
    const since = cloud.for_ms === undefined ? "" : ` for ${duration(cloud.for_ms)}`;
    const retry = cloud.retry_in_ms === undefined ? "" : `; tried again in ${duration(cloud.retry_in_ms)}`;
    return card(cloud.name, cloud.connected ? [`connected${since}`, "good"] : [`NOT CONNECTED${since}`, "bad"],
        [["Broker", `${cloud.host}:${cloud.port}`], ["Connected", count(cloud.connects, "time", "times")],
            ["Failed attempts", cloud.failures]], cloud.reason ? cloud.reason + retry : "");
}

function outboxCard(outbox, store) {
    const words = store && store.health !== "good" ? [store.health === "full" ? "the disk is full" : "the disk fails", "bad"]
        : outbox.dropped ? ["messages were dropped", "warn"] : ["in order", "good"];
    return card("outbox", words, [["Not acknowledged", `${count(outbox.messages, "message", "messages")}, ${bytesText(outbox.bytes)}`],
        ["Oldest", outbox.oldest_age_ms === undefined ? "" : duration(outbox.oldest_age_ms)],
        ["On their way", outbox.in_flight], ["Dropped", outbox.dropped]]);
}

function showConfiguration(status) {
    const findings = page.findings;
    const text = findings.length ? "Loaded with these warnings:" : "Loaded without warnings.";
    const rows = findings.map((finding) => make("li", {}, finding));
    const shown = JSON.stringify([status.site, findings]);
    if (page.shownConfiguration === shown)
        return;
    page.shownConfiguration = shown;
    find("configuration-text").replaceChildren(make("p", {}, `Site: ${status.site}`), make("p", {}, text),
        rows.length ? make("ul", {}, ...rows) : "");
}

// ---- life ----

function showNotice(text) {
    find("notice").hidden = !text;
    setText(find("notice"), text);
}

function sampleHistory(values) {
    const isDue = Date.now() - page.sampled >= HISTORY_MS;
    if (!isDue)
        return;
    page.sampled = Date.now();
    for (const said of values.devices) {
        const device = page.devices.get(said.device);
        const series = page.history[said.device] || (page.history[said.device] = {});
        for (const [key, row] of device ? device.rows : []) {
            const value = said.values[key] && said.values[key].value;
            if (typeof value === "number" || series[key]) {
                const numbers = series[key] || (series[key] = []);
                numbers.push(typeof value === "number" ? value : null);
                numbers.splice(0, numbers.length - SAMPLES);
                drawCurve(row.curve, numbers);
            }
        }
    }
}

function showState(state) {
    const {status, values} = state;
    const units = new Map(status.buses.flatMap((bus) => bus.units).map((unit) => [unit.device, unit]));
    page.mayCommand = state.commands;
    for (const said of values.devices) {
        const device = page.devices.get(said.device);
        if (device)
            showDevice(device, said, units.get(said.device));
    }
    sampleHistory(values);
    const offline = values.devices.filter((said) => said.health === "offline").length;
    const alerts = values.devices.reduce((sum, said) => sum + (said.alerts || []).length, 0);
    const site = status.site.split("/").pop().replace(/\.yaml$/, "");
    setText(find("title"), `modbridge: ${site}`);
    document.title = `${offline || alerts ? "(!) " : ""}${site}, modbridge`;
    setText(find("summary"), `${count(values.devices.length, "device", "devices")}, ${offline ? `${offline} OFFLINE` : "none offline"}, ` +
        `${count(alerts, "alert", "alerts")}; runs for ${duration(status.running_ms)}`);
    find("bus-list").replaceChildren(...status.buses.map(busCard));
    find("cloud-list").replaceChildren(...status.clouds.map(cloudCard), outboxCard(status.outbox, status.store));
    showCommands(status.commands);
    showConfiguration(status);
    setText(find("version"), `Version ${status.version}.`);
}

async function take(state) {
    if (!state.answers) {
        const since = state.silent_ms === undefined ? "" : ` for ${duration(state.silent_ms)}`;
        showNotice(`The bridge does not answer${since}: ${state.reason}. What is shown is old.`);
        return;
    }
    if (state.values.generation !== page.generation || state.status.pid !== page.pid)
        await load(state);
    showNotice("");
    showState(state);
}

async function get(path) {
    const response = await fetch(path, {cache: "no-store"});
    const body = await response.json();
    if (!response.ok)
        throw Object.assign(new Error(body.error), {status: response.status});
    return body;
}

async function post(path, body) {
    const response = await fetch(path, {method: "POST", headers: {"Content-Type": "application/json", "X-Modbridge": "1"},
        body: JSON.stringify(body)});
    const answer = await response.json();
    if (!response.ok)
        throw new Error(answer.error);
    return answer;
}

// What the devices are, when they may be others than before.
async function load(state) {
    const [described, history] = await Promise.all([get("/api/devices"), get("/api/history")]);
    const offline = new Set(state.values.devices.filter((said) => said.health === "offline").map((said) => said.device));
    const isOpen = (device) => described.devices.length <= 8 && !offline.has(device.device);
    page.devices = new Map(described.devices.map((device) => [device.device, makeDevice(device, isOpen(device))]));
    page.findings = described.findings || [];
    page.history = history.series;
    page.generation = described.generation;
    page.pid = state.status.pid;
    page.sampled = Date.now();
    find("device-list").replaceChildren(...[...page.devices.values()].map((device) => device.card));
    for (const [name, device] of page.devices)
        for (const [key, row] of device.rows)
            drawCurve(row.curve, (page.history[name] || {})[key] || []);
}

function watch() {
    const events = new EventSource("/api/events");
    let isBusy = false;
    events.addEventListener("state", async (event) => {
        if (isBusy)
            return; // the next one says more
        isBusy = true;
        try {
            await take(JSON.parse(event.data));
        } catch (error) {
            showNotice(`The page could not be brought up to date: ${error.message}`);
        }
        isBusy = false;
    });
    events.addEventListener("error", () => {
        showNotice("The connection to modbridge-web is lost; it is tried again. What is shown is old.");
        if (events.readyState === EventSource.CLOSED)
            setTimeout(begin, 5000);
    });
}

async function begin() {
    const answer = await fetch("/api/status", {cache: "no-store"}).catch(() => null);
    const isKnown = Boolean(answer) && answer.status !== 401;
    find("login").hidden = !answer || isKnown;
    find("plant").hidden = !isKnown;
    if (isKnown) {
        watch();
    } else if (answer) {
        setText(find("summary"), "");
        showNotice("");
        find("token").focus();
    } else {
        showNotice("modbridge-web does not answer; it is tried again.");
        setTimeout(begin, 5000);
    }
}

find("login-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
        await post("/api/login", {token: find("token").value});
        find("token").value = "";
        setText(find("login-error"), "");
        begin();
    } catch (error) {
        setText(find("login-error"), error.message);
    }
});
begin();
