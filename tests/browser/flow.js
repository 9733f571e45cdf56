/* SPDX-License-Identifier: ISC */
/*
 * flow.js - a year with the pages, in Chromium: sign in, make a request, bring
 * the certificate back, renew, choose the wrong file, go back, sign out. With
 * the script first, and then without any script.
 */
import { readFileSync } from 'node:fs';
import {
	check, file, issue, long, quiet, record, same, signIn, sound,
	token, visit,
} from './lib.js';

const topic = (word) => `com.apple.mgmt.External.${word}`;

/* Presses a button or a link that leads to another page. */
export async function press(v, selector) {
	await Promise.all([v.page.waitForNavigation(),
		v.page.click(selector)]);
}

function notices(v, look) {
	return v.page.locator(`.notice.${look}:visible`).count();
}

function text(v) {
	return v.page.evaluate(() => document.querySelector('main').innerText);
}

/* The two cells of a property in the table of the check. */
function compared(v, name) {
	return v.page.evaluate((heading) => {
		const row = Array.from(document.querySelectorAll('table.change tr'))
		    .find((r) => r.cells[0].textContent === heading);

		return [row.cells[1].innerText, row.cells[2].innerText,
			row.className];
	}, name);
}

/* --- parts of the year -------------------------------------------------------- */

async function signingIn(v, alias, name) {
	await v.page.goto(`${v.base}event?n=1`);
	check(`${name}: a stranger comes to the sign-in`,
	    v.page.url().endsWith('/ui/login?to=event%3Fn%3D1'), v.page.url());
	await v.page.goto(v.base);
	check(`${name}: also from the first page`,
	    v.page.url().endsWith('/ui/login'), v.page.url());
	await v.page.goto(`${v.base}renew`);
	await sound(v, `${name}-login`);
	await v.page.fill('input[name=token]', 'wrong');
	await Promise.all([v.page.waitForNavigation(),
		v.page.press('input[name=token]', 'Enter')]);
	same(`${name}: a wrong token is refused, with a reason`,
	    await v.page.locator('[role=alert]').count(), 1);
	await sound(v, `${name}-login-wrong`);
	await v.page.fill('input[name=token]', token(alias));
	await Promise.all([v.page.waitForNavigation(),
		v.page.press('input[name=token]', 'Enter')]);
	same(`${name}: the token opens the page that was wanted`, v.page.url(),
	    `${v.base}renew`);
	await v.page.goto(v.base);
	await sound(v, `${name}-none`);
}

/* Makes a request and downloads it. Returns its DER. */
async function request(v, name) {
	await press(v, '.actions a[href$=renew]');
	await sound(v, `${name}-renew`);
	await press(v, 'form[action$=request] button');
	await sound(v, `${name}-request`);
	const waiting = v.page.waitForEvent('download');

	await v.page.click('a[href$="request.txt"]');
	const download = await waiting;
	const content = readFileSync(await download.path(), 'utf8');
	const plist = Buffer.from(content, 'base64').toString();
	const csr = /<key>PushCertRequestCSR<\/key>\s*<string>([^<]*)/.exec(plist);

	check(`${name}: the request is a text file`,
	    download.suggestedFilename().endsWith('.txt'),
	    download.suggestedFilename());
	check(`${name}: it is signed by the vendor`, csr !== null, plist);
	return Buffer.from(csr[1], 'base64');
}

/* Brings a file to the check: the script sends the form, or the button. */
async function choose(v, path, script, appleId) {
	await v.page.goto(`${v.base}renew`);
	if (appleId !== undefined)
		await v.page.fill('#apple-id', appleId);
	const arrived = v.page.waitForNavigation();

	await v.page.setInputFiles('input[name=certificate]', path);
	if (!script)
		await v.page.click('form[action$=check] button.main');
	await arrived;
}

async function drop(v, path) {
	await v.page.goto(`${v.base}renew`);
	const arrived = v.page.waitForNavigation();

	await v.page.evaluate((content) => {
		const data = new DataTransfer();

		data.items.add(new File([content], 'MDM_ Example_Certificate.pem'));
		document.querySelector('.drop').dispatchEvent(new DragEvent('drop',
		    { dataTransfer: data, bubbles: true, cancelable: true }));
	}, readFileSync(path, 'utf8'));
	await arrived;
}

async function first(v, der, name, script) {
	const pem = issue(der, `${name}-topic`, `${name}-1.pem`);

	await choose(v, pem, script, 'mdm@example.org');
	same(`${name}: the first certificate can be stored`,
	    [await notices(v, 'good'), await notices(v, 'bad')], [1, 0]);
	same(`${name}: nothing is stored by the check`,
	    (await record(v.alias)).status, 404);
	await sound(v, `${name}-check-first`);
	await press(v, 'form[action$=upload] button.main');
	same(`${name}: storing ends at the status`, v.page.url(),
	    `${v.base}?done=stored`);
	same(`${name}: which says so`, await v.page.locator('[role=status]').count(),
	    1);
	await sound(v, `${name}-stored`);
	same(`${name}: it is stored`,
	    [(await record(v.alias)).body.topicIdentifier,
		(await record(v.alias)).body.appleIdentifier],
	    [topic(`${name}-topic`), 'mdm@example.org']);
}

async function renewal(v, name, script) {
	await v.page.goto(`${v.base}renew`);
	const next = issue(await request2(v), `${name}-topic`, `${name}-2.pem`);

	if (script)
		await drop(v, next);
	else
		await choose(v, next, script);
	const [before, after, changes] = await compared(v, 'Topic');

	same(`${name}: a renewal keeps the topic`, [before, after, changes],
	    [topic(`${name}-topic`), topic(`${name}-topic`), '']);
	same(`${name}: and has another serial number`,
	    (await compared(v, 'Serial number'))[2], 'changes');
	await sound(v, `${name}-check-renewal`);
	await press(v, 'form[action$=upload] button.main');
	same(`${name}: the renewal is stored`, v.page.url(),
	    `${v.base}?done=stored`);
}

async function request2(v) {
	await press(v, 'form[action$=request] button');
	const answer = await v.page.request.get(`${v.base}request.txt`);
	const plist = Buffer.from(await answer.text(), 'base64').toString();

	return Buffer.from(/PushCertRequestCSR<\/key>\s*<string>([^<]*)/
	    .exec(plist)[1], 'base64');
}

/* Another topic is refused until it is typed. */
async function otherTopic(v, name, script) {
	await choose(v, file('other.pem'), script);
	same(`${name}: another topic is refused`,
	    [await notices(v, 'bad'), await notices(v, 'good')], [1, 0]);
	check(`${name}: its cure is on the page`,
	    (await text(v)).includes('choose “Renew”'));
	await sound(v, `${name}-topic`);
	await v.page.click('.notice.bad summary');
	same(`${name}: the exact words are English`,
	    await v.page.locator('.notice.bad [lang=en]:visible').count(), 1);
	await v.page.click('main > details summary');
	const button = v.page.locator('form[action$=upload] button.danger');

	if (script)
		check(`${name}: the button waits for the topic`,
		    await button.isDisabled());
	await v.page.fill('#topic', topic('other'));
	if (script) {
		check(`${name}: half a topic is not enough`,
		    await button.isDisabled());
	} else {
		await press(v, 'form[action$=upload] button.danger');
		same(`${name}: half a topic changes nothing`,
		    (await record(v.alias)).body.topicIdentifier,
		    topic(`${name}-topic`));
		check(`${name}: the page says why`,
		    (await text(v)).includes('Nothing was changed'));
	}
	await v.page.fill('#topic', topic('other-topic'));
	await sound(v, `${name}-topic-typed`);
	await press(v, 'form[action$=upload] button.danger');
	same(`${name}: the typed topic stores it`,
	    [v.page.url(), (await record(v.alias)).body.topicIdentifier],
	    [`${v.base}?done=stored`, topic('other-topic')]);
}

/* And the way back, by the history. */
async function restore(v, name, script) {
	await press(v, 'nav a[href$=history]');
	await sound(v, `${name}-history`);
	await press(v, 'table.list tbody tr:first-child a');
	await sound(v, `${name}-event`);
	if (!script)
		check(`${name}: the event shows the way back`,
		    (await text(v)).includes(topic(`${name}-topic`)));
	await v.page.fill('#topic', topic(`${name}-topic`));
	await press(v, 'form[action$=restore] button');
	same(`${name}: the former state is back`,
	    [v.page.url(), (await record(v.alias)).body.topicIdentifier],
	    [`${v.base}?done=restored`, topic(`${name}-topic`)]);
	await sound(v, `${name}-restored`);
}

async function oldFile(v, name, script) {
	await choose(v, file('old.pem'), script);
	check(`${name}: an expired file is warned of, or refused`,
	    await notices(v, 'warn') + await notices(v, 'bad') >= 1);
	await sound(v, `${name}-old`);
	await choose(v, file('certs/web.pem'), script);
	same(`${name}: a certificate of a web server is refused`,
	    await notices(v, 'bad'), 1);
	await sound(v, `${name}-web`);
}

async function appleId(v, name) {
	await v.page.goto(v.base);
	await v.page.click('main > details summary');
	await v.page.fill('#apple-id', 'new-owner@example.org');
	await press(v, 'form[action$=apple-id] button');
	same(`${name}: the Apple ID is stored alone`,
	    (await record(v.alias)).body.appleIdentifier,
	    'new-owner@example.org');
	await sound(v, `${name}-apple-id`);
}

async function downloads(v, name) {
	for (const [path, start] of [['certificate.pem', '-----BEGIN CERT'],
		['calendar.ics', 'BEGIN:VCALENDAR']]) {
		const answer = await v.page.request.get(v.base + path);

		check(`${name}: ${path} is a download`,
		    answer.headers()['content-disposition'].startsWith('attachment') &&
		    answer.headers()['x-content-type-options'] === 'nosniff' &&
		    (await answer.text()).startsWith(start));
	}
}

async function signOut(v, name) {
	await press(v, 'form[action$=logout] button');
	check(`${name}: the sign-out ends at the sign-in`,
	    v.page.url().endsWith('/ui/login'));
	await v.page.goto(v.base);
	check(`${name}: and the session with it`,
	    v.page.url().endsWith('/ui/login'), v.page.url());
}

async function year(browser, alias, script) {
	const v = await visit(browser, { javaScriptEnabled: script,
		acceptDownloads: true });
	const name = alias;

	v.alias = alias;
	await signingIn(v, alias, name);
	await first(v, await request(v, name), name, script);
	await renewal(v, name, script);
	await otherTopic(v, name, script);
	await restore(v, name, script);
	await oldFile(v, name, script);
	await appleId(v, name);
	await downloads(v, name);
	await signOut(v, name);
	quiet(v, name);
	await v.context.close();
}

/* --- what the script adds -------------------------------------------------------- */

/* No file with a private key leaves the browser. */
async function keys(browser) {
	const v = await visit(browser);
	const sent = [];

	await signIn(v, 'contoso');
	v.page.on('request', (r) => {
		if (r.method() === 'POST')
			sent.push(r.url());
	});
	for (const name of long ? ['good-then-key.pem', 'key-pkcs1.pem', 'key.der',
		'key-encrypted.pem', 'good.p12', 'good-open.p12', 'key.b64',
		'p12.b64'] : ['good-then-key.pem', 'good.p12']) {
		await v.page.goto(`${v.base}renew`);
		await v.page.setInputFiles('input[name=certificate]',
		    file(`certs/${name}`));
		await v.page.waitForSelector('.stop', { timeout: 5000 })
		    .catch(() => {});
		same(`${name} stays in the browser`, [sent.splice(0),
			await v.page.locator('.stop:visible').count(),
			await v.page.inputValue('input[name=certificate]')],
		[[], 1, '']);
	}
	await sound(v, 'key');
	await v.page.goto(`${v.base}renew`);
	await v.page.fill('#text', readFileSync(file('certs/key.pem'), 'utf8'));
	await v.page.click('form[action$=check] button.main');
	await v.page.waitForTimeout(200);
	same('a pasted key stays, too', [sent.splice(0),
		await v.page.inputValue('#text')], [[], '']);
	await v.context.close();
}

/* Local times, and copies of texts. */
async function comfort(browser) {
	const v = await visit(browser);

	await v.context.grantPermissions(['clipboard-read', 'clipboard-write']);
	await signIn(v, 'valid');
	check('the local time stands beside UTC',
	    /\d\d:\d\d UTC \((\d{4}-\d\d-\d\d )?\d\d:\d\d here\)/
	    .test(await text(v)), await text(v));
	await v.page.click('dd:has-text("com.apple") .copy');
	same('the topic is copied',
	    await v.page.evaluate(() => navigator.clipboard.readText()),
	    topic('valid-topic'));
	await v.context.close();
}

/* Two people at the same time: the second one is told, and nothing is lost. */
async function lostUpdate(browser) {
	const v = await visit(browser);

	await signIn(v, 'attacked');
	await choose(v, file('attacked-next.pem'), true, 'first@example.org');
	await v.page.fill('form[action$=upload] #apple-id', 'first@example.org')
	    .catch(() => {});
	const other = await v.context.newPage();

	await other.goto(v.base);
	await other.click('main > details summary');
	await other.fill('#apple-id', 'second@example.org');
	await Promise.all([other.waitForNavigation(),
		other.click('form[action$=apple-id] button')]);
	await press(v, 'form[action$=upload] button.main').catch(() => {});
	same('the later change is refused, and nothing is lost',
	    (await record('attacked')).body.appleIdentifier,
	    'second@example.org');
	check('and the page says why', /meanwhile/.test(await text(v)),
	    await text(v));
	await sound(v, 'conflict');
	await v.context.close();
}

export const parts = {
	script: (browser) => year(browser, 'contoso', true),
	plain: (browser) => year(browser, 'plain', false),
	keys, comfort, lostUpdate,
};
export const brief = ['script', 'keys'];
