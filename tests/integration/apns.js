// SPDX-License-Identifier: ISC
//
// apns.js DIR - a stand-in for Apple's push service on free ports of 127.0.0.1,
// with the checks of "Sending notification requests to APNs": it judges the
// path, the headers, the payload, the topic against the client's certificate,
// and the device. DIR has server.pem, server.key and clients.pem (the CA of the
// clients). The ports are written to DIR/port (HTTP/2), DIR/port.1 (HTTP/1.1
// only), DIR/port.down (nothing listens) and DIR/port.proxy (a proxy for CONNECT,
// which refuses if the file DIR/deny exists).
//
// DIR/devices has a line "TOKEN TOPIC" for each device. DIR/answer replaces the
// judgement: "STATUS REASON", or one of the words below. Each request is a line
// of JSON in DIR/journal.
'use strict';
const fs = require('fs');
const http = require('http');
const http2 = require('http2');
const https = require('https');
const net = require('net');

const dir = process.argv[2];
const read = (name) => fs.readFileSync(`${dir}/${name}`, 'utf8');
const tls = {
	cert: read('server.pem'),
	key: read('server.key'),
	ca: read('clients.pem'),
	requestCert: true,
	rejectUnauthorized: false,
	minVersion: 'TLSv1.2',
};

function optional(name) {
	try {
		return read(name).trim();
	} catch {
		return '';
	}
}

const types = ['alert', 'background', 'complication', 'controls', 'fileprovider',
	'liveactivity', 'location', 'mdm', 'pushtotalk', 'voip', 'widgets'];
const known = ['host', 'content-type', 'content-length', 'user-agent', 'accept',
	'apns-push-type', 'apns-topic', 'apns-expiration', 'apns-priority', 'apns-id',
	'apns-collapse-id', 'authorization'];

function isPayload(body) {
	try {
		return typeof JSON.parse(body) === 'object';
	} catch {
		return false;
	}
}

// What is wrong with the headers, or nothing.
function fault(headers) {
	const other = Object.keys(headers).filter(
		(name) => name[0] !== ':' && !known.includes(name));
	if (other.length > 0)
		return [400, `unknown header ${other[0]}`];
	if (!types.includes(headers['apns-push-type']))
		return [400, 'InvalidPushType'];
	if (!/^\d+$/.test(headers['apns-expiration'] ?? '0'))
		return [400, 'BadExpirationDate'];
	if (!/^(1|5|10)$/.test(headers['apns-priority'] ?? '10'))
		return [400, 'BadPriority'];
	return null;
}

function judgeDevice(token, topic) {
	const device = optional('devices').split('\n').map((line) => line.split(' '))
		.find((words) => words[0] === token);
	if (device === undefined)
		return [400, 'BadDeviceToken'];
	if (device[1] === 'gone')
		return [410, 'Unregistered'];
	return device[1] === topic ? [200] : [400, 'DeviceTokenNotForTopic'];
}

function judge(headers, client, body) {
	const path = /^\/3\/device\/([^/]*)$/.exec(headers[':path']);
	if (path === null)
		return [404, 'BadPath'];
	if (headers[':method'] !== 'POST')
		return [405, 'MethodNotAllowed'];
	if (client.subject === undefined)
		return [403, 'MissingProviderToken'];
	const wrong = fault(headers);
	if (wrong !== null)
		return wrong;
	if (headers['apns-topic'] === undefined)
		return [400, 'MissingTopic'];
	if (headers['apns-topic'] !== client.subject.UID)
		return [400, 'TopicDisallowed'];
	if (body.length > 4096)
		return [413, 'PayloadTooLarge'];
	if (!isPayload(body))
		return [400, 'PayloadEmpty'];
	if (path[1] === '')
		return [400, 'MissingDeviceToken'];
	return /^([0-9a-f]{2})+$/.test(path[1])
		? judgeDevice(path[1], headers['apns-topic'])
		: [400, 'BadDeviceToken'];
}

function text(reason) {
	return reason === undefined ? '' : JSON.stringify({ reason });
}

// The answers that are not a status with a reason.
const special = {
	hang() {},
	cut(stream) {
		stream.session.destroy();
	},
	goaway(stream) {
		stream.session.goaway(http2.constants.NGHTTP2_NO_ERROR, 0,
			Buffer.from(text('Shutdown')));
		stream.session.destroy();
	},
	reset(stream) {
		stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
	},
	redirect(stream) {
		stream.respond({ ':status': 301, location: 'https://127.0.0.1:1/elsewhere' });
		stream.end();
	},
	page(stream) {
		stream.respond({ ':status': 403, 'content-type': 'text/html' });
		stream.end('<html>blocked</html>\u001b[31m');
	},
	forged(stream) {
		stream.respond({ ':status': 400,
			'x-trace': '* TLSv1.3 (IN), TLS alert, certificate expired (557):' });
		stream.end('* TLSv1.3 (IN), TLS alert, certificate revoked (556):\n' +
			'curl: (58) forged\n{"reason":"BadDeviceToken","reason":"BadTopic"}');
	},
	flood(stream) {
		const more = Buffer.alloc(65536, 'x');
		stream.respond({ ':status': 400 });
		stream.on('error', () => {});
		stream.write(more);
		stream.on('drain', () => stream.write(more));
	},
	timestamp(stream) {
		stream.respond({ ':status': 410 });
		stream.end('{"timestamp":1711111111111,\n "reason" : "Unregistered"}\n');
	},
	early(stream) {
		stream.respond({ ':status': 403 });
		stream.write('{"reason":"BadCertificate"}');
		setTimeout(() => stream.session.destroy(), 300);
	},
};

function write(entry) {
	fs.appendFileSync(`${dir}/journal`, `${JSON.stringify(entry)}\n`);
}

function answer(stream, headers, body) {
	const client = stream.session.socket.getPeerCertificate();
	write({ method: headers[':method'], path: headers[':path'], headers, body,
		serial: client.serialNumber, topic: client.subject?.UID });
	const order = optional('answer');
	if (order in special)
		return special[order](stream);
	const [status, reason] = order === '' ? judge(headers, client, body)
		: order.split(' ');
	stream.respond({ ':status': Number(status), 'apns-id': 'stand-in' });
	stream.end(text(reason));
}

function serve(stream, headers) {
	let body = '';
	stream.on('error', () => {});
	stream.on('data', (part) => { body += part; });
	stream.on('end', () => answer(stream, headers, body));
}

function listen(server, name) {
	server.on('error', () => {});
	server.on('tlsClientError', () => {});
	server.listen(0, '127.0.0.1', () => {
		fs.writeFileSync(`${dir}/${name}.new`, String(server.address().port));
		fs.renameSync(`${dir}/${name}.new`, `${dir}/${name}`);
	});
}

const two = http2.createSecureServer(tls);
two.on('sessionError', () => {});
two.on('stream', serve);
const one = https.createServer(tls, (req, res) => {
	write({ method: req.method, path: req.url, version: req.httpVersion });
	res.writeHead(400);
	res.end(text('BadDeviceToken'));
});
const proxy = http.createServer((req, res) => res.end());
proxy.on('connect', (req, socket, head) => {
	write({ method: 'CONNECT', path: req.url });
	socket.on('error', () => {});
	if (fs.existsSync(`${dir}/deny`))
		return socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
	const [host, port] = req.url.split(':');
	const far = net.connect(Number(port), host, () => {
		socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
		far.write(head);
		far.pipe(socket).pipe(far);
	});
	far.on('error', () => socket.destroy());
});
// A port that was free a moment ago.
const down = net.createServer();
down.listen(0, '127.0.0.1', () => {
	fs.writeFileSync(`${dir}/port.down`, String(down.address().port));
	down.close();
	listen(proxy, 'port.proxy');
	listen(one, 'port.1');
	listen(two, 'port');
});
