// SPDX-License-Identifier: ISC
//
// golden.js FILE TOKENS - sends the requests of a golden file through Prism, which
// compares each request and each response with openapi.json. In the environment:
// the proxies V1 and BETA, which refuse what violates the document, and V1_LAX and
// BETA_LAX, which only report it. Prism does not pass on a request that violates
// the document, so such a request goes through the second proxy. The exit status
// is 1 if a response violates the document.
import fs from "node:fs";

// Cases in which Prism is wrong: it knows leap seconds of UTC only.
const exceptions = ["gives back a leap second elsewhere"];
const roots = { "/v1.0": ["V1", "V1_LAX"], "/beta": ["BETA", "BETA_LAX"] };
const [file, tokenFile] = process.argv.slice(2);
const tokens = new Map(fs.readFileSync(tokenFile, "utf8").trim().split("\n")
	.map((line) => line.split(" ")));

function parse(text) {
	const [request] = text.split(/^--$/m);
	const [head, ...body] = request.split("\n\n");
	const [name, line, ...headers] = head.split("\n");
	const [method, ...url] = line.split(" ");
	return { name, method, url: url.join(" "), headers,
		body: body.join("\n\n").replace(/\n$/, "") };
}

// The body as bytes; a line "hex 7b7d" stands for these bytes.
function bytes(body) {
	return body.startsWith("hex ")
		? Buffer.from(body.slice(4), "hex")
		: Buffer.from(body);
}

function headers(lines) {
	const all = new Headers();
	for (const line of lines) {
		const at = line.indexOf(":");
		const value = line.slice(at + 1).trim();
		all.append(line.slice(0, at), value.replace(/^Bearer (\S+)$/,
			(whole, name) => `Bearer ${tokens.get(name) ?? name}`));
	}
	return all;
}

async function send(proxy, path, request) {
	const body = ["GET", "HEAD"].includes(request.method) || request.body === ""
		? undefined
		: bytes(request.body);
	return fetch(process.env[proxy] + path, { method: request.method,
		headers: headers(request.headers), body });
}

function isFromPrism(response) {
	return (response.headers.get("content-type") ?? "")
		.startsWith("application/problem+json");
}

// Returns the violations of the response, and whether the request had none.
async function run(request) {
	const root = Object.keys(roots).find((r) => request.url.startsWith(r + "/"));
	const path = request.url.slice(root.length);
	let response = await send(roots[root][0], path, request);
	if (!isFromPrism(response))
		return { violations: [], clean: true };
	const text = await response.text();
	const problem = text === "" ? {} : JSON.parse(text);
	if (problem.type?.endsWith("#VIOLATIONS"))
		return { violations: problem.validation, clean: true };
	response = await send(roots[root][1], path, request);
	const reported = JSON.parse(response.headers.get("sl-violations") ?? "[]");
	return { violations: reported.filter((v) => v.location[0] === "response"),
		clean: false };
}

// A request that fetch cannot send, and one with variables of its own, is left
// out, and so is one to another root.
function canRun(request) {
	return /^\/(v1\.0|beta)\//.test(request.url) &&
		!exceptions.includes(request.name) &&
		!["TRACE", "CONNECT", "TRACK"].includes(request.method.toUpperCase()) &&
		!request.headers.some((h) => /^(var |host:|transfer-encoding:)/i.test(h));
}

const cases = fs.readFileSync(file, "utf8").split(/^== /m).slice(1).map(parse);
let sent = 0, clean = 0, failed = 0;
for (const request of cases.filter(canRun)) {
	let result;
	try {
		result = await run(request);
	} catch (e) {
		if (!(e instanceof TypeError))
			throw e;
		continue;
	}
	sent++;
	clean += result.clean;
	if (result.violations.length > 0) {
		failed++;
		console.log(`NOT ok: ${request.name}\n${
			JSON.stringify(result.violations, null, "\t")}`);
	}
}
console.log(`prism: ${file.replace(/.*\//, "")}: ${sent} of ${cases.length} ` +
	`sent, ${clean} in accord with the document, ${failed} violations`);
process.exit(failed === 0 ? 0 : 1);
