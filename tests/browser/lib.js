/* SPDX-License-Identifier: ISC */
/*
 * lib.js - what the tests in real browsers share: the counts, the site, and a
 * visit that notes everything a page may not do.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

export const site = JSON.parse(readFileSync(process.env.SITE, 'utf8'));
export const long = process.env.LONG === 'yes';
/* A name that is trustworthy for browsers, one over http that is not, and TLS. */
export const local = `http://127.0.0.1:${site.http}`;
export const named = `http://mdm.test:${site.http}`;
export const secure = `https://mdm.test:${site.https}`;

let passed = 0, failed = 0, last = '';

export function check(name, holds, why = '') {
	last = name;
	if (holds) {
		passed++;
		return true;
	}
	failed++;
	console.log(`NOT ok: ${name}`);
	if (why !== '')
		console.log(`    ${String(why).slice(0, 2000).replace(/\n/g, '\n    ')}`);
	return false;
}

export function same(name, got, wanted) {
	const a = JSON.stringify(got), b = JSON.stringify(wanted);

	return check(name, a === b, `is  ${a}\nnot ${b}`);
}

/* Runs the parts of a test; a part that throws has failed. The short form takes
 * the parts that are in `brief`. */
export async function run(name, parts, brief, browser) {
	const started = Date.now();

	passed = failed = 0;
	for (const [title, part] of Object.entries(parts)) {
		if (!long && !brief.includes(title))
			continue;
		try {
			await part(browser);
		} catch (e) {
			check(`${title} runs to its end`, false, e.stack);
		}
	}
	console.log(`${name}: ${passed} passed, ${failed} failed` +
	    ` (${Math.round((Date.now() - started) / 1000)} s)`);
	return failed === 0 && passed > 0;
}

/* Ends the process if the tests hang. */
export function watchdog(seconds) {
	setTimeout(() => {
		console.log(`NOT ok: hangs after: ${last}`);
		process.exit(1);
	}, seconds * 1000).unref();
}

/* --- the site -------------------------------------------------------------- */

export function file(name) {
	return `${site.dir}/${name}`;
}

export function token(alias) {
	return readFileSync(file(`${alias}.token`), 'utf8').trim();
}

/* Runs a command of the program. */
export function tool(...args) {
	return execFileSync(site.program,
	    [...args, '--config', file('pushcert.conf')], { encoding: 'utf8' });
}

/* Issues a certificate for a request in DER, with this topic. */
export function issue(der, topic, out) {
	const certs = file('certs');
	const uid = `com.apple.mgmt.External.${topic}`;
	const serial = '51' + Date.now().toString(16).padStart(14, '0');

	execFileSync('sh', ['-euc', `
	cd "$1"
	openssl req -inform DER -out issued.csr
	printf %s "$4" >ca/serial
	openssl ca -config ca.cnf -batch -notext -preserveDN -extensions push \
	    -in issued.csr -subj "/UID=$2/CN=APSP:test/C=US" -days 365 -out "$3"`,
	'sh', certs, uid, file(out), serial.toUpperCase()],
	{ input: der, stdio: ['pipe', 'ignore', 'pipe'] });
	return file(out);
}

/* A request to the API, as another client sends it. */
export async function api(method, path, alias, body) {
	const answer = await fetch(`${local}/v1.0/${path}`, {
		method,
		headers: {
			Authorization: `Bearer ${token(alias)}`,
			...(body === undefined ? {}
			    : { 'Content-Type': 'application/json' }),
		},
		body: body === undefined ? undefined : JSON.stringify(body),
	});

	return { status: answer.status, etag: answer.headers.get('etag'),
		body: await answer.json() };
}

export function record(alias) {
	return api('GET', 'deviceManagement/applePushNotificationCertificate',
	    alias);
}

/* --- the browser ----------------------------------------------------------- */

/* No name leads anywhere but to this machine. */
const rules = 'MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1';

export function launch(...settings) {
	return chromium.launch({
		executablePath: '/usr/bin/chromium',
		args: [`--host-resolver-rules=${rules}`, '--disable-gpu',
			'--disable-background-networking', ...settings],
		chromiumSandbox: process.getuid() !== 0,
	});
}

/* The browser notes each page with such a status, and each download. */
const usual = /^Failed to load resource: the server responded with a status of 4/;

/*
 * A visit of one person: page, context, and what the pages did that they may
 * not: messages on the console, reports of the policy, requests to other hosts.
 */
export async function visit(browser, options = {}) {
	const context = await browser.newContext({
		ignoreHTTPSErrors: true,
		locale: 'en-GB',
		timezoneId: 'Europe/Berlin',
		viewport: { width: 1100, height: 850 },
		...options,
	});
	const noted = [];

	await context.exposeBinding('noteViolation', (source, text) => {
		noted.push(`policy: ${text}`);
	});
	await context.addInitScript(() => {
		document.addEventListener('securitypolicyviolation', (e) => {
			window.noteViolation(`${e.violatedDirective} ` +
			    `${e.blockedURI} at ${location.pathname}`);
		});
	});
	context.on('console', (message) => {
		if (message.type() !== 'error' && message.type() !== 'warning')
			return;
		if (!usual.test(message.text()))
			noted.push(`console: ${message.text()}`);
	});
	context.on('weberror', (e) => noted.push(`error: ${e.error()}`));
	context.on('dialog', (dialog) => {
		noted.push(`dialog: ${dialog.message()}`);
		dialog.dismiss();
	});
	context.on('request', (request) => {
		const url = new URL(request.url());

		if (!['127.0.0.1', 'mdm.test'].includes(url.hostname))
			noted.push(`request: ${request.url()}`);
	});

	const page = await context.newPage();

	page.setDefaultTimeout(15000);
	return { context, page, noted, base: `${local}/ui/`,
		script: options.javaScriptEnabled !== false };
}

/* Nothing was noted since the last call. */
export function quiet(v, name) {
	same(`${name}: console, policy and other hosts stay silent`,
	    v.noted.splice(0), []);
}

export async function signIn(v, alias, base = v.base) {
	v.base = base;
	await v.page.goto(`${base}login`);
	await v.page.fill('input[name=token]', token(alias));
	await v.page.click('form[action$=login] button');
	await v.page.waitForLoadState();
}

/* --- what each state must keep ---------------------------------------------- */

const require = createRequire(import.meta.url);
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

/* The evaluation comes from the driver, so the policy of the page does not stop
 * it. Returns the violations, and the findings that axe leaves to a person. */
export async function axeFindings(page) {
	/* axe takes what is above the window for covered. */
	await page.evaluate(() => scrollTo(0, 0));
	await page.evaluate(axe);
	const result = await page.evaluate(() => window.axe.run(document, {
		resultTypes: ['violations', 'incomplete'],
		rules: { 'target-size': { enabled: true } },
	}));
	const brief = (list) => list.map((r) => `${r.id}: ` +
	    r.nodes.map((n) => `${n.html.slice(0, 160)} ` +
		`${n.any.concat(n.all, n.none).map((c) => c.message).join(' ')}`)
	    .join(' | '));

	return { violations: brief(result.violations),
		incomplete: brief(result.incomplete) };
}

/*
 * Faults of the layout that a program can see: sideways scrolling, words that
 * are broken in two, text that is cut off, elements outside of the window.
 */
export function layoutFaults(page) {
	return page.evaluate(() => {
		const faults = [];
		const wide = document.documentElement;

		if (wide.scrollWidth > wide.clientWidth)
			faults.push(`scrolls sideways: ${wide.scrollWidth} in ` +
			    `${wide.clientWidth}`);
		/* A long name without blanks, such as a topic, may be broken. */
		const isShort = (data, at) => {
			const start = data.lastIndexOf(' ', at) + 1;

			return data.slice(start).search(/\s|$/) <= 24;
		};
		const walker = document.createTreeWalker(document.body,
		    NodeFilter.SHOW_TEXT);
		const range = document.createRange();

		while (walker.nextNode()) {
			const node = walker.currentNode;
			const holder = node.parentElement;

			if (holder.closest('code, textarea, script, style, .skip') ||
			    !holder.checkVisibility())
				continue;
			for (const m of node.data.matchAll(/[\p{L}\p{N}]{2,24}/gu)) {
				range.setStart(node, m.index);
				range.setEnd(node, m.index + m[0].length);
				const tops = new Set(Array.from(range.getClientRects())
				    .filter((r) => r.width > 0)
				    .map((r) => Math.round(r.top)));
				const box = range.getBoundingClientRect();

				if (tops.size > 1 && isShort(node.data, m.index))
					faults.push(`broken word: ${m[0]}`);
				/* An element left of the window is hidden. */
				if (box.width > 0 && box.right > 0 &&
				    (box.right > innerWidth + 1 || box.left < -1))
					faults.push(`outside: ${m[0]}`);
			}
		}
		const edge = document.querySelector('main').getBoundingClientRect();

		for (const table of document.querySelectorAll('table'))
			if (table.getBoundingClientRect().right > edge.right + 1)
				faults.push('a table leaves the page');
		for (const e of document.querySelectorAll('button, .button, td, th, dd')) {
			const style = getComputedStyle(e);

			if (e.scrollWidth > e.clientWidth + 1 &&
			    style.overflowX !== 'visible')
				faults.push(`cut off: ${e.textContent.slice(0, 40)}`);
		}
		return faults;
	});
}

/* Checks a state. Pictures and axe take most of the time, so the short form takes
 * no picture, and axe judges the states that differ most. */
const judged = ['contoso-login-wrong', 'contoso-stored', 'contoso-topic',
	'contoso-event', 'german-narrow-topic', 'narrow-tenants'];

export async function sound(v, name, { axe = true, forced = false } = {}) {
	if (long)
		await v.page.screenshot({ fullPage: true,
			path: `${process.env.PICTURES}/${name}.png` });
	same(`${name}: the layout`, await layoutFaults(v.page), []);
	/* axe needs timers, which do not run without scripts. */
	if (axe && v.script && (long || judged.includes(name))) {
		const found = await axeFindings(v.page);

		same(`${name}: axe`, found.violations, []);
		if (!forced)
			same(`${name}: axe leaves nothing open`, found.incomplete, []);
	}
	quiet(v, name);
}
