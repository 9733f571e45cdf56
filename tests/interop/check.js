// SPDX-License-Identifier: ISC
//
// check.js - what the clients have in common. Each client is run with the
// program behind a web server. In the environment: BASE, the address above the
// roots; TOKEN, a valid token; READER, a read-only token.
import assert from "node:assert/strict";

import { Client, GraphError } from "@microsoft/microsoft-graph-client";

export const path = "/deviceManagement/applePushNotificationCertificate";
export const base = new URL(process.env.BASE);

// By default the client sends its token to hosts of Graph only.
export function client(token) {
	return Client.init({
		authProvider: (done) => done(null, token),
		baseUrl: base.href,
		customHosts: new Set([base.hostname]),
		defaultVersion: "v1.0",
	});
}

// Waits for a request that must be refused, and returns the error.
export async function refusal(request) {
	try {
		await request;
	} catch (e) {
		assert.ok(e instanceof GraphError);
		return e;
	}
	assert.fail("it was not refused");
}

// Runs the checks one after another and prints a line for each. Ends the
// process with the status 1 if a check fails.
export async function run(title, checks) {
	let failed = 0;
	for (const [name, check] of Object.entries(checks)) {
		try {
			await check();
			console.log(`ok: ${name}`);
		} catch (e) {
			console.log(`NOT ok: ${name}\n${e.stack}`);
			failed++;
		}
	}
	const all = Object.keys(checks).length;
	console.log(`${title}: ${all - failed} passed, ${failed} failed`);
	process.exit(failed === 0 ? 0 : 1);
}
