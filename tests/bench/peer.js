// SPDX-License-Identifier: ISC
//
// peer.js - the peer in node with better-sqlite3, on its own HTTP server, over
// the file that peer_sqlite fills: node peer.js FILE PORT
'use strict';
const http = require('http');
const db = require('better-sqlite3')(process.argv[2]);

db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');

const get = db.prepare(
	'SELECT text FROM token NATURAL JOIN record WHERE token = ?').pluck();
const keep = db.prepare('INSERT INTO history SELECT tenant, revision, text ' +
	'FROM token NATURAL JOIN record WHERE token = ?');
const set = db.prepare(
	'UPDATE record SET text = ?, revision = revision + 1 ' +
	'WHERE tenant = (SELECT tenant FROM token WHERE token = ?)');
const change = db.transaction((token, text) => {
	keep.run(token);
	return set.run(text, token).changes === 1 ? text : undefined;
});

function answer(response, text) {
	if (text === undefined) {
		response.writeHead(401, { 'Content-Length': 0 });
		response.end();
		return;
	}
	response.writeHead(200, {
		'Content-Type': 'application/json',
		'Cache-Control': 'no-cache',
		'Content-Length': Buffer.byteLength(text),
	});
	response.end(text);
}

http.createServer((request, response) => {
	const token = (request.headers.authorization || '').slice(7);
	if (request.method !== 'PATCH') {
		answer(response, get.get(token));
		return;
	}
	let body = '';
	request.setEncoding('utf8');
	request.on('data', (piece) => { body += piece; });
	request.on('end', () => answer(response, change.immediate(token, body)));
}).listen(Number(process.argv[3]), '127.0.0.1');
