// SPDX-License-Identifier: ISC
//
// peer.js - the peer in node with better-sqlite3, on its own HTTP server and
// the file that peer_sqlite fills: node peer.js FILE PORT. peer.h describes its
// work.
'use strict';
const crypto = require('crypto');
const http = require('http');
const db = require('better-sqlite3')(process.argv[2]);

db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');

const type = 'microsoft.graph.applePushNotificationCertificate';
const resource = 'deviceManagement/applePushNotificationCertificate';
const settable = new Set(['appleIdentifier', 'topicIdentifier',
	'expirationDateTime', 'certificateUploadStatus',
	'certificateUploadFailureReason', 'certificate']);
const ignored = new Set(['id', 'lastModifiedDateTime',
	'certificateSerialNumber', '@odata.type', '@odata.context']);

const get = db.prepare('SELECT tenant, revision, text ' +
	'FROM token NATURAL JOIN record WHERE hash = ?');
const keep = db.prepare('INSERT INTO history VALUES (?, ?, ?)');
const set = db.prepare(
	'UPDATE record SET revision = ?, text = ? WHERE tenant = ?');
const change = db.transaction((key, patch) => {
	const former = get.get(key);
	if (former === undefined)
		return undefined;
	keep.run(former.tenant, former.revision, former.text);
	const record = Object.assign(JSON.parse(former.text), patch);
	record.lastModifiedDateTime =
		new Date().toISOString().replace('Z', '0000Z');
	const text = JSON.stringify(record);
	set.run(former.revision + 1, text, former.tenant);
	return { revision: former.revision + 1, text };
});

// The properties of a body, or nothing if it has unknown ones.
function read(body) {
	const patch = {};
	let object;
	try {
		object = JSON.parse(body);
	} catch {
		return undefined;
	}
	for (const [name, value] of Object.entries(object)) {
		if (ignored.has(name))
			continue;
		if (!settable.has(name) ||
		    (value !== null && typeof value !== 'string'))
			return undefined;
		patch[name] = value;
	}
	return patch;
}

function answer(request, response, status, record) {
	const id = crypto.randomUUID();
	const headers = {
		'request-id': id,
		'client-request-id': request.headers['client-request-id'] || id,
		'Cache-Control': 'no-cache',
		'Accept-Ranges': 'none',
		'X-Content-Type-Options': 'nosniff',
	};
	let content = '{"error":{"code":"' + status + '"}}';
	if (record !== undefined) {
		content = '{"@odata.context":"http://' + request.headers.host +
			'/v1.0/$metadata#' + resource + '/$entity",' +
			'"@odata.type":"#' + type + '",' +
			record.text.slice(1);
		headers['OData-Version'] = '4.0';
		headers.ETag = 'W/"' + record.revision + '"';
	}
	headers['Content-Type'] = 'application/json;odata.metadata=minimal;' +
		'odata.streaming=true;IEEE754Compatible=false;charset=utf-8';
	headers['Content-Length'] = Buffer.byteLength(content);
	response.writeHead(status, headers);
	response.end(content);
}

http.createServer((request, response) => {
	const token = (request.headers.authorization || '').slice(7);
	const key = crypto.createHash('sha256').update(token).digest();
	if (request.method !== 'PATCH') {
		const record = get.get(key);
		answer(request, response, record ? 200 : 401, record);
		return;
	}
	let body = '';
	request.setEncoding('utf8');
	request.on('data', (piece) => { body += piece; });
	request.on('end', () => {
		const patch = read(body);
		const record = patch && change.immediate(key, patch);
		answer(request, response,
			record ? 200 : patch ? 401 : 400, record);
	});
}).listen(Number(process.argv[3]), '127.0.0.1');
