/* SPDX-License-Identifier: ISC */
/*
 * evil.js - a web server whose pages attack the site. Its names and its port
 * decide how it is related to the site.
 */
import { createServer } from 'node:http';

const escape = (text) => text.replace(/[&<>"]/g,
    (c) => `&#${c.charCodeAt(0)};`);

/* A page with a form, which sends itself at once. */
function form(url) {
	const fields = JSON.parse(url.searchParams.get('fields'));

	return `<!doctype html><form id=f method=post action="${
	    escape(url.searchParams.get('action'))}" enctype="${
	    escape(url.searchParams.get('type'))}">${
	    Object.entries(fields).map(([name, value]) =>
		`<input type=hidden name="${escape(name)}" value="${
		escape(value)}">`).join('')
	    }</form><script>document.getElementById("f").submit()</script>`;
}

/* A page that shows another one in a frame. */
function frame(url) {
	return `<!doctype html><iframe src="${
	    escape(url.searchParams.get('of'))}"></iframe>`;
}

/* A page with a link to another one. */
function link(url) {
	return `<!doctype html><a href="${escape(url.searchParams.get('to'))}">x</a>`;
}

/* Starts the server on a free port of this machine. */
export function evil() {
	const pages = { '/form': form, '/frame': frame, '/link': link,
		'/sandbox': form };
	const server = createServer((request, answer) => {
		const url = new URL(request.url, 'http://evil.test');
		const page = pages[url.pathname];

		answer.setHeader('Content-Type', 'text/html');
		/* A page without an origin of its own. */
		if (url.pathname === '/sandbox')
			answer.setHeader('Content-Security-Policy',
			    'sandbox allow-forms allow-scripts');
		answer.end(page === undefined ? '<!doctype html>' : page(url));
	});

	return new Promise((resolve) => {
		server.listen(0, '127.0.0.1', () => resolve({
			port: server.address().port,
			close: () => server.close(),
		}));
	});
}

/* The address of such a page. */
export function attack(origin, page, values) {
	return `${origin}/${page}?${new URLSearchParams(values)}`;
}
