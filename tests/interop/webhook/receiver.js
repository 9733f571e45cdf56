// SPDX-License-Identifier: ISC
//
// receiver.js - receives the webhooks of conf/notify/webhook with the libraries
// of CloudEvents and Standard Webhooks. It prints its port, and for each request
// a line of JSON: what the libraries read, or the reason of a refusal.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

import { CloudEvent, HTTP } from "cloudevents";
import { Webhook } from "standardwebhooks";

const secret = readFileSync(process.argv[2], "utf8").trim();

function receive(headers, body) {
	new Webhook(secret).verify(body, headers);
	const found = [HTTP.toEvent({ headers, body })].flat();
	for (const event of found)
		if (!(event instanceof CloudEvent) || !event.validate())
			throw new Error("not a CloudEvent");
	return found.map((event) => ({
		id: event.id,
		source: event.source,
		type: event.type,
		subject: event.subject,
		time: event.time,
		data: event.data,
	}));
}

const server = createServer((request, response) => {
	let body = "";
	request.setEncoding("utf8");
	request.on("data", (part) => (body += part));
	request.on("end", () => {
		let line;
		try {
			line = { id: request.headers["webhook-id"],
				events: receive(request.headers, body) };
			response.statusCode = 204;
		} catch (error) {
			line = { refused: String(error) };
			response.statusCode = 400;
		}
		console.log(JSON.stringify(line));
		response.end();
	});
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
