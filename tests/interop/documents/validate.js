// SPDX-License-Identifier: ISC
//
// validate.js FILE... - validates OpenAPI documents with swagger-parser, against
// the specification and its schema. Prints a line per document; the exit status is
// 1 if one of them is invalid.
import assert from "node:assert/strict";
import fs from "node:fs";

import SwaggerParser from "@apidevtools/swagger-parser";

let failed = 0;
for (const file of process.argv.slice(2)) {
	try {
		const text = fs.readFileSync(file, "utf8");
		const document = await SwaggerParser.validate(JSON.parse(text));
		const operations = Object.values(document.paths)
			.flatMap((path) => Object.values(path));
		const ids = operations.map((operation) => operation.operationId);
		assert.equal(new Set(ids).size, ids.length, "an operationId is twice");
		assert.ok(operations.every((o) => o.summary && o.tags.length === 1));
		assert.ok(operations.length >= 10, "there are too few operations");
		console.log(`ok: swagger-parser ${file}: ${ids.length} operations`);
	} catch (e) {
		console.log(`NOT ok: swagger-parser ${file}\n${e.stack}`);
		failed++;
	}
}
process.exit(failed === 0 ? 0 : 1);
