/* SPDX-License-Identifier: ISC */
/*
 * attacks.js - attacks on the pages, in Chromium. Each must fail, and change
 * nothing.
 */
import { readFileSync } from 'node:fs';
import {
	check, file, local, long, named, quiet, record, same, secure, signIn, token, tool,
	visit,
} from './lib.js';
import { attack, evil } from './evil.js';

/* The aims of an attacker: the names and fields of all forms. The ETag is
 * the right one, so that nothing but the origin of the form stops it. */
function forms(etag) {
	const pem = readFileSync(file('attacked-next.pem'), 'utf8');

	return [
		{ path: 'login', fields: { token: token('valid') } },
		{ path: 'logout', fields: {} },
		{ path: 'request', fields: {} },
		{ path: 'check', fields: { text: pem } },
		{ path: 'upload', fields: { text: pem, etag: etag,
			'apple-id': 'thief@evil.test' } },
		{ path: 'apple-id', fields: { 'apple-id': 'thief@evil.test', etag } },
		{ path: 'restore', fields: { n: '2', etag, topic: '' } },
	];
}

/* The state that no attack may change. */
async function state() {
	const now = await record('attacked');

	return JSON.stringify([now.body, tool('history', '--tenant', 'attacked',
	    '--json')]);
}

/* --- forms of other sites ---------------------------------------------------- */

function relations(port) {
	return [
		{ name: 'another site', target: local,
			from: `http://evil.test:${port}` },
		{ name: 'another port of the same host', target: local,
			from: `http://127.0.0.1:${port}` },
		{ name: 'http names, without Sec-Fetch-Site', target: named,
			from: `http://evil.test:${port}` },
		{ name: 'a sibling of the host', target: named,
			from: `http://evil.mdm.test:${port}` },
		{ name: 'a sibling of the host, to https', target: secure,
			from: `http://evil.mdm.test:${port}` },
	];
}

/* Sends one form; returns the status that the browser got, and whether the
 * browser sent the cookie. */
async function send(v, url, action) {
	await v.page.goto('about:blank');
	const sent = v.page.waitForResponse((r) => r.url() === action &&
	    r.request().method() === 'POST');

	/* The form may leave the page before it is complete. */
	await v.page.goto(url, { waitUntil: 'commit' }).catch(() => {});
	const answer = await sent;

	await v.page.waitForLoadState();
	const headers = await answer.request().allHeaders();

	return { status: answer.status(),
		cookie: /pushcert=/.test(headers.cookie ?? ''),
		type: (await answer.allHeaders())['content-type'] };
}

async function forgeForms(browser, port) {
	let cookies = 0, tried = 0;

	for (const relation of long ? relations(port) : relations(port).slice(3, 4)) {
		const v = await visit(browser);

		await signIn(v, 'attacked', `${relation.target}/ui/`);
		const before = await state();
		const etag = (await record('attacked')).etag;

		for (const f of long ? forms(etag) : forms(etag).slice(3, 6)) {
			const action = `${relation.target}/ui/${f.path}`;
			const got = await send(v, attack(relation.from, 'form', {
				action, fields: JSON.stringify(f.fields),
				type: 'application/x-www-form-urlencoded',
			}), action);

			tried++;
			cookies += got.cookie ? 1 : 0;
			same(`a form of ${relation.name}: ${f.path}`, got.status, 403);
			check(`it gets a page: ${f.path}`,
			    got.type.startsWith('text/html'), got.type);
		}
		const action = `${relation.target}/ui/logout`;
		const got = await send(v, attack(relation.from, 'sandbox', {
			action, fields: '{}', type: 'text/plain',
		}), action);

		same(`a form without an origin, at ${relation.name}`,
		    got.status, 403);
		same(`nothing has changed for ${relation.name}`, await state(),
		    before);
		await v.page.goto(v.base);
		check(`the user is still signed in after ${relation.name}`,
		    await v.page.locator('form[action$=logout]').count() === 1,
		    v.page.url());
		await v.context.close();
	}
	check('SameSite alone does not stop them', cookies > 0);
	console.log(`${tried} forged forms; ${cookies} of them with the cookie`);
}

/* --- frames, windows, reads of other sites ------------------------------------ */

async function embed(browser, port) {
	for (const from of [`http://evil.test:${port}`,
		`http://127.0.0.1:${port}`]) {
		const v = await visit(browser);

		await signIn(v, 'valid');
		const framed = v.page.waitForResponse((r) => r.url() === v.base);

		await v.page.goto(attack(from, 'frame', { of: v.base }));
		await framed;
		await v.page.waitForTimeout(200);
		const inside = v.page.frames().find((f) => f !== v.page.mainFrame());
		const text = await inside.evaluate(() => document.body.innerText)
		    .catch(() => '');

		check(`no frame of ${from} shows a page`,
		    !text.includes('com.apple.mgmt'), text);

		const read = await v.page.evaluate(async (url) => {
			const open = window.open(url);

			await new Promise((r) => setTimeout(r, 800));
			let seen;

			try {
				seen = open.closed ? 'closed' : open.document.title;
			} catch (e) {
				seen = 'closed';
			}
			const answers = [seen];

			for (const mode of ['cors', 'no-cors'])
				answers.push(await fetch(url, { mode,
					credentials: 'include' })
				    .then((r) => r.type, () => 'refused'));
			return answers;
		}, v.base);

		same(`no page of ${from} reads ours`, read,
		    ['closed', 'refused', 'refused']);
		await v.context.close();
	}
}

/* --- script in the page --------------------------------------------------------- */

async function hostileTexts(browser) {
	const v = await visit(browser);
	const text = '"><img src=x onerror=alert(1)><script>alert(2)</script>';

	await signIn(v, 'hostile');
	for (const page of ['./', 'renew', 'history', 'event?n=1',
		`history?after=${encodeURIComponent(text)}`]) {
		await v.page.goto(v.base + page);
		const shown = await v.page.evaluate(() => ({
			images: document.images.length,
			scripts: Array.from(document.scripts)
			    .filter((s) => s.src === '').length,
			text: document.body.innerText,
		}));

		same(`${page}: hostile text makes no element`,
		    [shown.images, shown.scripts], [0, 0]);
		check(`${page}: it is shown as text`, shown.text.includes(text),
		    shown.text);
		quiet(v, page);
	}
	await v.page.goto(v.base);
	if (long)
		await v.page.screenshot({ fullPage: true,
			path: `${process.env.PICTURES}/hostile.png` });
	await v.context.close();
}

/* The steps of an injected script; every line must fail. */
function injected(urls) {
	const tries = {
		inline: () => {
			const s = document.createElement('script');

			s.textContent = 'window.done = true';
			document.body.append(s);
			if (!window.done)
				throw new Error('blocked');
		},
		innerHTML: () => {
			document.body.innerHTML += '<p>';
		},
		handler: () => {
			document.body.setAttribute('onclick', 'window.hit = true');
			document.body.click();
			if (!window.hit)
				throw new Error('blocked');
		},
		timeout: () => new Promise((resolve, reject) => {
			setTimeout(() => reject(new Error('blocked')), 100);
			window.ran = resolve;
			setTimeout('window.ran()');
		}),
		style: () => {
			const p = document.createElement('p');

			document.body.append(p);
			p.setAttribute('style', 'position:fixed');
			if (getComputedStyle(p).position !== 'fixed')
				throw new Error('blocked');
		},
		fetchHere: () => fetch(location.href),
		fetchAway: () => fetch(urls.away, { mode: 'no-cors' }),
		image: () => new Promise((resolve, reject) => {
			const image = new Image();

			image.onload = resolve;
			image.onerror = () => reject(new Error('blocked'));
			image.src = `${urls.away}/x.png`;
			setTimeout(() => reject(new Error('blocked')), 500);
		}),
		form: () => new Promise((resolve, reject) => {
			const form = document.createElement('form');

			form.action = urls.away;
			form.method = 'post';
			document.body.append(form);
			window.addEventListener('pagehide', resolve);
			form.submit();
			setTimeout(() => reject(new Error('blocked')), 500);
		}),
		base: () => {
			const base = document.createElement('base');

			base.href = urls.away;
			document.head.append(base);
			if (!document.baseURI.startsWith(urls.away))
				throw new Error('blocked');
		},
		cookie: () => {
			if (document.cookie === '')
				throw new Error('blocked');
		},
	};

	return Promise.all(Object.entries(tries).map(async ([name, run]) => {
		try {
			await run();
			return name;
		} catch (e) {
			return null;
		}
	})).then((done) => done.filter((name) => name !== null));
}

async function injectedScript(browser, port) {
	const v = await visit(browser);

	await signIn(v, 'valid');
	same('an injected script achieves nothing',
	    await v.page.evaluate(injected, { away: `http://evil.test:${port}` }),
	    []);
	check('the policy stops it, not chance',
	    v.noted.filter((n) => n.startsWith('policy:')).length >= 5,
	    v.noted.join('\n'));
	v.noted.length = 0;
	await v.context.close();
}

/* --- the session ------------------------------------------------------------------ */

function withCookie(cookie, path = '') {
	return fetch(`${local}/ui/${path}`, {
		headers: { Cookie: cookie }, redirect: 'manual',
	});
}

async function cookies(browser) {
	const v = await visit(browser);

	await signIn(v, 'valid');
	const [cookie] = await v.context.cookies();
	const text = `${cookie.name}=${cookie.value}`;

	same('the cookie is of this session only, for this directory',
	    [cookie.name, cookie.httpOnly, cookie.sameSite, cookie.path],
	    ['pushcert', true, 'Lax', '/ui']);
	check('the cookie is not the token', !text.includes(token('valid')));
	same('the cookie is enough', (await withCookie(text)).status, 200);
	let refused = 0;

	for (let i = 0; i < cookie.value.length; i++) {
		const other = cookie.value[i] === 'A' ? 'B' : 'A';
		const answer = await withCookie(`${cookie.name}=` +
		    cookie.value.slice(0, i) + other + cookie.value.slice(i + 1));

		refused += answer.status === 303 ? 1 : 0;
	}
	/* The last character may have bits that mean nothing. */
	check(`each change of the cookie is refused: ${refused} of ` +
	    cookie.value.length, refused >= cookie.value.length);
	const old = await withCookie(text, 'logout');

	same('GET does not sign out', [old.status === 405,
		(await withCookie(text)).status], [true, 200]);
	await v.page.click('form[action$=logout] button');
	await v.page.waitForURL('**/ui/login');
	await v.page.goBack();
	await v.page.waitForLoadState();
	check('the back button shows nothing after the sign-out',
	    !(await v.page.evaluate(() => document.body.innerText))
	    .includes('com.apple.mgmt'));
	quiet(v, 'sign-out');
	await v.context.close();

	const tls = await visit(browser);

	await signIn(tls, 'valid', `${secure}/graph/ui/`);
	const [strict] = await tls.context.cookies();

	same('over https the cookie is for https only',
	    [strict.name, strict.secure, strict.path],
	    ['__Secure-pushcert', true, '/graph/ui']);
	await tls.context.close();
}

async function revoked(browser) {
	const v = await visit(browser);
	const name = `revoke${process.pid}`;
	const made = tool('token', 'create', '--tenant', 'valid', '--name', name,
	    '--scope', 'DeviceManagementServiceConfig.Read.All').trim();

	await v.page.goto(`${v.base}login`);
	await v.page.fill('input[name=token]', made);
	await v.page.click('form[action$=login] button');
	await v.page.waitForURL(v.base);
	const id = tool('token', 'list').split('\n')
	    .find((line) => line.includes(name)).split(/\s+/)[0];

	tool('token', 'revoke', id);
	await v.page.goto(v.base);
	check('a revoked token ends the session at once',
	    v.page.url().endsWith('/ui/login'), v.page.url());
	await v.context.close();
}

/* A link in a mail or on another site leads to the page, not to the sign-in. */
async function linked(browser, port) {
	const v = await visit(browser);

	await signIn(v, 'valid');
	await v.page.goto(attack(`http://evil.test:${port}`, 'link',
	    { to: v.base }));
	await Promise.all([v.page.waitForNavigation(), v.page.click('a')]);
	same('a link of another site leads to the page', v.page.url(), v.base);
	await v.context.close();
}

/* Runs an attack that needs a site of its own. */
async function attacked(run, browser) {
	const attacker = await evil();

	try {
		await run(browser, attacker.port);
	} finally {
		attacker.close();
	}
}

export const parts = {
	hostileTexts, cookies, revoked,
	injectedScript: (browser) => attacked(injectedScript, browser),
	embed: (browser) => attacked(embed, browser),
	linked: (browser) => attacked(linked, browser),
	forgeForms: (browser) => attacked(forgeForms, browser),
};
export const brief = ['hostileTexts', 'injectedScript', 'linked', 'forgeForms'];
