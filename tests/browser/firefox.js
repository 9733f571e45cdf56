/* SPDX-License-Identifier: ISC */
/*
 * firefox.js - the flow and the attacks in Firefox, which its own driver
 * protocol (WebDriver BiDi) controls.
 */
import { readFileSync } from 'node:fs';
import puppeteer from 'puppeteer-core';
import {
	check, file, local, named, record, run, same, secure, token, watchdog,
} from './lib.js';
import { attack, evil } from './evil.js';

const topic = (word) => `com.apple.mgmt.External.${word}`;

function launch(preferences = {}) {
	return puppeteer.launch({
		env: { ...process.env, TZ: 'Europe/Berlin' },
		browser: 'firefox',
		executablePath: '/usr/bin/firefox-esr',
		acceptInsecureCerts: true,
		extraPrefsFirefox: {
			'intl.accept_languages': 'en-GB, en',
			'network.dns.localDomains':
			    'mdm.test, evil.test, evil.mdm.test',
			/* Nothing but the pages is loaded. */
			'network.captive-portal-service.enabled': false,
			'network.connectivity-service.enabled': false,
			'app.normandy.enabled': false,
			'datareporting.policy.dataSubmissionEnabled': false,
			...preferences,
		},
	});
}

/* A visit with a storage of its own, and what the pages did that they may not. */
async function visit(browser, base = `${local}/ui/`) {
	const context = await browser.createBrowserContext();
	const page = await context.newPage();
	const noted = [];

	page.setDefaultTimeout(20000);
	await page.evaluateOnNewDocument(() => {
		window.violations = [];
		document.addEventListener('securitypolicyviolation', (e) =>
		    window.violations.push(e.violatedDirective));
	});
	page.on('console', (message) => {
		if (['error', 'warn'].includes(message.type()))
			noted.push(message.text());
	});
	page.on('pageerror', (e) => noted.push(String(e)));
	page.on('request', (request) => {
		const { protocol, hostname } = new URL(request.url());

		/* The browser's own style has a font in a data URL. */
		if (protocol !== 'data:' &&
		    !['127.0.0.1', 'mdm.test'].includes(hostname))
			noted.push(request.url());
	});
	return { context, page, noted, base };
}

async function quiet(v, name) {
	same(`${name}: console, policy and other hosts stay silent`,
	    [v.noted.splice(0), await v.page.evaluate(() => window.violations)],
	    [[], []]);
}

async function press(v, selector) {
	await Promise.all([v.page.waitForNavigation(),
		v.page.$eval(selector, (e) => e.click())]);
}

async function fill(v, selector, text) {
	await v.page.$eval(selector, (e, value) => {
		e.value = value;
		e.dispatchEvent(new Event('input', { bubbles: true }));
	}, text);
}

async function signIn(v, alias) {
	await v.page.goto(`${v.base}login`);
	await fill(v, 'input[name=token]', token(alias));
	await press(v, 'form[action$=login] button');
}

/* The script sends the form when a file is chosen. */
async function choose(v, path) {
	await v.page.goto(`${v.base}renew`);
	const input = await v.page.$('input[name=certificate]');

	await Promise.all([v.page.waitForNavigation(), input.uploadFile(path)]);
}

function text(v) {
	return v.page.evaluate(() => document.body.innerText);
}

/* --- the flow ---------------------------------------------------------------- */

async function year(browser) {
	const v = await visit(browser);

	await v.page.goto(v.base);
	check('a stranger comes to the sign-in', v.page.url().endsWith('/ui/login'),
	    v.page.url());
	await signIn(v, 'valid');
	same('the token opens the status', v.page.url(), v.base);
	check('the local time stands beside UTC', /UTC \(.*here\)/.test(await text(v)),
	    await text(v));
	await quiet(v, 'status');
	await choose(v, file('valid.pem'));
	check('a file that is stored already is named so',
	    (await text(v)).includes('stored already'), await text(v));
	await quiet(v, 'check');
	await choose(v, file('other.pem'));
	check('another topic is refused',
	    (await text(v)).includes('different topic'));
	const button = 'form[action$=upload] button.danger';

	check('the button waits for the topic',
	    await v.page.$eval(button, (b) => b.disabled));
	await v.page.$eval('main > details', (d) => {
		d.open = true;
	});
	await fill(v, '#topic', topic('other-topic'));
	await press(v, button);
	same('the typed topic stores it',
	    (await record('valid')).body.topicIdentifier, topic('other-topic'));
	await press(v, 'nav a[href$=history]');
	await press(v, 'table.list tbody tr:first-child a');
	await fill(v, '#topic', topic('valid-topic'));
	await press(v, 'form[action$=restore] button');
	same('the history leads back',
	    (await record('valid')).body.topicIdentifier, topic('valid-topic'));
	await quiet(v, 'restored');
	await v.page.screenshot({ fullPage: true,
		path: `${process.env.PICTURES}/firefox-restored.png` });
	await v.page.setViewport({ width: 320, height: 640 });
	same('nothing scrolls sideways at 320 pixels', await v.page.evaluate(() =>
	    document.documentElement.scrollWidth -
	    document.documentElement.clientWidth), 0);
	await v.page.screenshot({ fullPage: true,
		path: `${process.env.PICTURES}/firefox-narrow.png` });
	await press(v, 'form[action$=logout] button');
	await v.page.goBack();
	check('the back button shows nothing after the sign-out',
	    !(await text(v)).includes('com.apple.mgmt'), await text(v));
	await v.context.close();
}

async function keys(browser) {
	const v = await visit(browser);
	const sent = [];

	await signIn(v, 'valid');
	v.page.on('request', (r) => {
		if (r.method() === 'POST')
			sent.push(r.url());
	});
	for (const name of ['good-then-key.pem', 'key.der', 'good.p12',
		'good-open.p12']) {
		await v.page.goto(`${v.base}renew`);
		const input = await v.page.$('input[name=certificate]');

		await input.uploadFile(file(`certs/${name}`));
		await v.page.waitForSelector('.stop').catch(() => {});
		same(`${name} stays in the browser`, [sent.splice(0),
			(await v.page.$$('.stop')).length], [[], 1]);
	}
	await v.context.close();
}

/* Without any script the driver cannot ask the page either, so the keyboard does
 * all, and the addresses and answers tell how it ended. */
async function plain() {
	const browser = await launch({ 'javascript.enabled': false });
	const page = await browser.newPage();
	const submit = async (key) => {
		const [answer] = await Promise.all([page.waitForNavigation(),
			page.keyboard.press(key)]);

		return `${answer.status()} ${new URL(page.url()).pathname}`;
	};

	await page.goto(`${local}/ui/login`);
	await page.keyboard.type(token('soon'));
	same('the sign-in needs no script', await submit('Enter'), '200 /ui/');
	await page.goto(`${local}/ui/renew`);
	/* To the skip link, three links, the sign-out, the request, the portal,
	 * the file, the text. */
	for (let i = 0; i < 9; i++)
		await page.keyboard.press('Tab');
	await page.keyboard.type(readFileSync(file('soon.pem'), 'utf8')
	    .replace(/\n/g, ' '));
	await page.keyboard.press('Tab');
	same('the check works by its form', await submit('Enter'),
	    '200 /ui/check');
	await browser.close();
}

/* --- the attacks --------------------------------------------------------------- */

async function forged(browser, port) {
	for (const [from, target] of [
		[`http://evil.test:${port}`, local],
		[`http://127.0.0.1:${port}`, local],
		[`http://evil.test:${port}`, named],
		[`http://evil.mdm.test:${port}`, secure],
	]) {
		const v = await visit(browser, `${target}/ui/`);

		await signIn(v, 'attacked');
		const before = await record('attacked');

		for (const [path, fields] of [['logout', {}],
			['login', { token: token('soon') }],
			['apple-id', { 'apple-id': 'thief@evil.test',
				etag: before.etag }]]) {
			const action = `${target}/ui/${path}`;
			const answer = v.page.waitForResponse((r) =>
			    r.url() === action && r.request().method() === 'POST');

			await v.page.goto(attack(from, 'form', { action,
				fields: JSON.stringify(fields),
				type: 'application/x-www-form-urlencoded' }))
			    .catch(() => {});
			same(`a form of ${from} to ${action}`,
			    (await answer).status(), 403);
		}
		same(`nothing has changed for ${from}`,
		    (await record('attacked')).body, before.body);
		await v.page.goto(v.base);
		check(`the user is still signed in after ${from}`,
		    (await v.page.$$('form[action$=logout]')).length === 1);
		await v.context.close();
	}
}

async function embedded(browser, port) {
	const v = await visit(browser);

	await signIn(v, 'soon');
	await v.page.goto(attack(`http://127.0.0.1:${port}`, 'frame',
	    { of: v.base }));
	await new Promise((r) => setTimeout(r, 1000));
	const texts = await Promise.all(v.page.frames().map((f) =>
	    f.evaluate(() => document.body.innerText).catch(() => '')));

	check('no frame shows a page',
	    !texts.some((t) => t.includes('com.apple.mgmt')), texts.join('\n'));
	await v.context.close();
}

async function injected(browser, port) {
	const v = await visit(browser);

	await signIn(v, 'hostile');
	check('hostile text is text',
	    (await text(v)).includes('"><img src=x onerror=alert(1)>'));
	await quiet(v, 'hostile text');
	const done = await v.page.evaluate(async (away) => {
		const won = [];
		const script = document.createElement('script');

		try {
			script.textContent = 'window.done = true';
			document.body.append(script);
			won.push(window.done ? 'inline' : 'no report');
		} catch (e) {
			/* Trusted Types refuse it. */
		}
		try {
			document.body.innerHTML += '<p>';
			won.push('innerHTML');
		} catch (e) {
			/* Trusted Types refuse it. */
		}
		for (const [name, url] of [['here', location.href], ['away', away]])
			await fetch(url, { mode: 'no-cors' })
			    .then(() => won.push(`fetch ${name}`), () => {});
		if (document.cookie !== '')
			won.push('cookie');
		return won;
	}, `http://evil.test:${port}`);

	same('an injected script achieves nothing', done, []);
	await v.context.close();
}

async function attacked(part, browser) {
	const attacker = await evil();

	try {
		await part(browser, attacker.port);
	} finally {
		attacker.close();
	}
}

watchdog(300);
const browser = await launch();
const good = await run('firefox', { year, keys, plain,
	forged: (b) => attacked(forged, b),
	embedded: (b) => attacked(embedded, b),
	injected: (b) => attacked(injected, b),
}, ['year', 'keys', 'plain', 'forged', 'embedded', 'injected'], browser);

await browser.close();
process.exit(good ? 0 : 1);
