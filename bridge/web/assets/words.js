// SPDX-License-Identifier: MIT
// Words and curves of the local page, made of what the bridge says.
"use strict";

const SAMPLES = 90;
const FEWEST_SAMPLES = 12; // that a curve is as wide as
const UNITS = {"1": "", "Cel": "°C", "degF": "°F", "Ohm": "Ω", "kOhm": "kΩ", "MOhm": "MΩ", "uS": "µS", "deg": "°", "m3": "m³",
    "Nm3": "Nm³", "m2": "m²", "VA": "VA", "var": "var", "[degF]": "°F", "[ppm]": "ppm", "[ppb]": "ppb"};
const SEVERITIES = {info: ["Note", "faint"], warning: ["Warning", "warn"], error: ["Alert", "bad"]};
const STATES = {waiting: ["waits", "faint"], running: ["runs", "warn"], completed: ["completed", "good"], error: ["failed", "bad"]};

const find = (id) => document.getElementById(id);

function make(name, attributes, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {}))
        if (value !== undefined && value !== false)
            element.setAttribute(key, value === true ? "" : value);
    element.append(...children.filter((child) => child !== undefined && child !== null));
    return element;
}

function setText(element, text) {
    if (element.textContent !== text)
        element.textContent = text;
}

// ---- words ----

function duration(ms) {
    const seconds = Math.round(ms / 1000);
    if (seconds < 1)
        return "a moment";
    if (seconds < 120)
        return `${seconds} s`;
    if (seconds < 7200)
        return `${Math.round(seconds / 60)} min`;
    return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} days`;
}

function valueText(value) {
    if (value === undefined || value === null)
        return "—";
    if (typeof value === "boolean")
        return value ? "yes" : "no";
    if (typeof value === "number" && !Number.isInteger(value))
        return String(Math.abs(value) < 1 ? Number(value.toPrecision(3)) : Number(value.toFixed(3)));
    return Array.isArray(value) ? value.join(", ") || "none" : String(value);
}

function unitText(unit) {
    return unit === undefined ? "" : unit in UNITS ? UNITS[unit] : unit;
}

function bytesText(bytes) {
    return bytes < 1000 ? `${bytes} B` : bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

const count = (number, one, many) => `${number} ${number === 1 ? one : many}`;

function setWord(element, text, kind) {
    setText(element, text);
    element.className = `word ${kind}`;
}

function healthWords(health) {
    const since = health.for_ms === undefined ? "" : ` for ${duration(health.for_ms)}`;
    if (health.state === "online")
        return [`online${since}`, "good"];
    return health.state === "offline" ? [`OFFLINE${since}`, "bad"] : ["not asked yet", "warn"];
}

// ---- curves ----

function makeCurve() {
    const curve = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    curve.setAttribute("class", "trend");
    curve.setAttribute("preserveAspectRatio", "none");
    curve.setAttribute("role", "img");
    return curve;
}

// Parts of the curve between gaps; a straight line when nothing changes.
function drawCurve(curve, numbers) {
    const known = numbers.filter((number) => number !== null);
    curve.replaceChildren();
    if (known.length < 2)
        return;
    const low = Math.min(...known), high = Math.max(...known);
    const width = Math.max(numbers.length, FEWEST_SAMPLES) - 1, first = width + 1 - numbers.length;
    curve.setAttribute("viewBox", `0 0 ${width} 20`);
    let points = [];
    const flush = () => {
        if (points.length > 1) {
            const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
            line.setAttribute("points", points.join(" "));
            curve.append(line);
        }
        points = [];
    };
    numbers.forEach((number, index) => {
        if (number === null)
            flush();
        else
            points.push(`${first + index},${high > low ? (19 - 18 * (number - low) / (high - low)).toFixed(2) : 10}`);
    });
    flush();
    const short = (number) => Number(number.toPrecision(5));
    curve.setAttribute("aria-label", high > low ? `between ${short(low)} and ${short(high)} in the last minutes` : "constant");
}
