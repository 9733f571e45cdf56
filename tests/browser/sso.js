/* SPDX-License-Identifier: ISC */
/*
 * sso.js - the sign-in at a provider of OpenID Connect, in Chromium. The
 * provider is a server of this test on a site of its own, over TLS, because
 * browsers keep the cookies of such a sign-in only there. A second service on
 * the same store has the provider in its configuration.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createSign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { createServer as createSocket } from 'node:net';
import { check, file, quiet, same, site, sound, tool, visit } from './lib.js';

const tenant = '6bcc9004-0000-4000-8000-000000000002';
const client = '22222222-2222-3333-4444-555555555555';
const scope = 'DeviceManagementServiceConfig.ReadWrite.All';

/* --- the provider ----------------------------------------------------------- */

const url64 = (data) => Buffer.from(data).toString('base64url');

/* An id_token for this nonce; `claims` replaces some of its claims. */
function idToken(issuer, nonce, claims = {}) {
	const now = Math.floor(Date.now() / 1000);
	const set = JSON.parse(readFileSync(file('idp.key.jwks'), 'utf8'));
	const head = url64(JSON.stringify({ alg: 'RS256', typ: 'JWT',
		kid: set.keys[0].kid }));
	const text = `${head}.${url64(JSON.stringify({
		iss: `${issuer}/${tenant}/`, aud: client, tid: tenant, nonce,
		iat: now, nbf: now, exp: now + 300, roles: [scope],
		oid: '44444444-2222-3333-4444-555555555555',
		preferred_username: 'grace@example.org', ...claims,
	}))}`;
	const signature = createSign('RSA-SHA256').update(text)
	    .sign(readFileSync(file('idp.key')));

	return `${text}.${url64(signature)}`;
}

/* The page of the provider sends its form at once, or by a button where no
 * script runs. */
function page(action, fields) {
	return `<!doctype html><title>provider</title>
	<form id=f method=post action="${action}">${
	Object.entries(fields).map(([name, value]) =>
	    `<input type=hidden name="${name}" value="${value}">`).join('')
	}<button>Go on</button></form>
	<script>document.getElementById('f').submit()</script>`;
}

/* Starts the provider. `asked` has what the service has asked for; `claims` and
 * `error` say what the provider answers, and `waits` that it shows a page. */
function provider() {
	const p = { asked: null, claims: {}, error: null, waits: false };
	const server = createServer({ key: readFileSync(file('server.key')),
		cert: readFileSync(file('server.pem')) }, (request, answer) => {
		const url = new URL(request.url, p.origin);
		const ask = Object.fromEntries(url.searchParams);

		answer.setHeader('Content-Type', 'text/html');
		/* A request that any site could send to the service. */
		if (url.pathname === '/forge') {
			answer.end(page(ask.action, { id_token: ask.id_token }));
			return;
		}
		if (url.pathname !== '/authorize') {
			answer.statusCode = 404;
			answer.end();
			return;
		}
		p.asked = ask;
		if (p.waits) {
			answer.end('<!doctype html><title>provider</title>');
			return;
		}
		if (p.error !== null) {
			answer.end(page(ask.redirect_uri, { error: p.error,
				state: ask.state }));
			return;
		}
		answer.end(page(ask.redirect_uri, {
			id_token: idToken(p.origin, ask.nonce, p.claims),
			state: ask.state,
		}));
	});

	return new Promise((resolve) => {
		server.listen(0, '127.0.0.1', () => {
			p.origin = `https://idp.test:${server.address().port}`;
			p.close = () => server.close();
			resolve(p);
		});
	});
}

/* --- the service ------------------------------------------------------------ */

function freePort() {
	return new Promise((resolve) => {
		const server = createSocket().listen(0, '127.0.0.1', () => {
			const { port } = server.address();

			server.close(() => resolve(port));
		});
	});
}

async function answers(url) {
	for (let i = 0; i < 100; i++) {
		try {
			if ((await fetch(url)).ok)
				return;
		} catch {
			/* It has not started yet. */
		}
		await new Promise((go) => setTimeout(go, 100));
	}
	throw new Error(`${url} does not answer`);
}

/* Starts the service and its web server, as the site has them, on other ports.
 * Its pages are at `base`. */
async function service(idp) {
	const http = await freePort(), https = await freePort();
	const base = `https://mdm.test:${https}/graph`;

	tool('token', 'jwt', '--tenant', tenant, '--scope', scope,
	    '--key', file('idp.key'));
	writeFileSync(file('sso.conf'),
	    `${readFileSync(file('pushcert.conf'), 'utf8')}
base_url = ${base}
sso_uri = ${idp.origin}/authorize
client_id = ${client}
jwks_file = ${file('idp.key.jwks')}
jwt_issuer = ${idp.origin}/{tenantid}/
`);
	writeFileSync(file('sso-sample.conf'),
	    readFileSync(file('sample.conf'), 'utf8')
	    .replaceAll('fcgi.sock', 'sso.sock'));
	writeFileSync(file('sso-nginx.conf'),
	    readFileSync(file('nginx.conf'), 'utf8')
	    .replaceAll(`:${site.http}`, `:${http}`)
	    .replaceAll(`:${site.https}`, `:${https}`)
	    .replaceAll('nginx.pid', 'sso-nginx.pid')
	    .replaceAll('sample.conf', 'sso-sample.conf'));
	const children = [
		spawn(site.program, ['serve', '--config', file('sso.conf'),
			'--socket', file('sso.sock')], { stdio: 'ignore' }),
		spawn('nginx', ['-c', file('sso-nginx.conf')],
		    { stdio: 'ignore' }),
	];

	await answers(`http://127.0.0.1:${http}/v1.0/health`);
	return { base: `${base}/ui/`, close: () => {
		for (const child of children)
			child.kill();
	} };
}

/* Runs a part with a provider and a service. */
async function withProvider(run, browser) {
	const idp = await provider();
	const served = await service(idp);

	try {
		await run(browser, idp, served.base);
	} finally {
		served.close();
		idp.close();
	}
}

/* The provider is not a foreign host for these visitors. */
function forgive(v, idp) {
	v.noted.push(...v.noted.splice(0)
	    .filter((text) => !text.startsWith(`request: ${idp.origin}/`)));
}

async function failedWith(v, text, name) {
	const said = await v.page.innerText('main');

	check(name, said.includes(text), said);
	same(`${name}: nobody is signed in`, (await v.context.cookies())
	    .filter((c) => c.name === '__Secure-pushcert'), []);
}

/* --- the parts -------------------------------------------------------------- */

async function signIn(browser, idp, base, script = true) {
	const v = await visit(browser, { javaScriptEnabled: script });
	const name = script ? 'with script' : 'without script';

	await v.page.goto(`${base}history?from=1`);
	same(`${name}: a stranger comes to the sign-in`, v.page.url(),
	    `${base}login?to=history%3Ffrom%3D1`);
	if (script)
		await sound(v, 'sso-login');
	await v.page.click('a[href^=sso]');
	if (!script)
		await v.page.click('button');
	await v.page.waitForURL(`${base}history?from=1`);
	check(`${name}: and from the provider to the page that was wanted`,
	    (await v.page.innerText('header')).includes('grace@example.org'));
	same(`${name}: the provider was asked for an id_token`,
	    [idp.asked.response_type, idp.asked.response_mode,
		idp.asked.client_id, idp.asked.redirect_uri],
	    ['id_token', 'form_post', client, `${base}sso`]);
	const kept = await v.context.cookies();

	same(`${name}: one cookie is left`, kept.map((c) =>
	    [c.name, c.httpOnly, c.secure, c.sameSite, c.path]),
	    [['__Secure-pushcert', true, true, 'Lax', '/graph/ui']]);
	await v.page.click('form[action^=logout] button');
	await v.page.waitForURL(`${base}login`);
	same(`${name}: and none after the sign-out`,
	    await v.context.cookies(), []);
	forgive(v, idp);
	quiet(v, name);
	await v.context.close();
}

async function refusals(browser, idp, base) {
	const v = await visit(browser);

	idp.error = 'access_denied';
	await v.page.goto(`${base}login`);
	await v.page.click('a[href=sso]');
	await v.page.waitForURL(`${base}sso`);
	await failedWith(v, 'Your organization did not sign you in',
	    'a person whom the provider refuses');
	forgive(v, idp);
	await sound(v, 'sso-refused');
	idp.error = null;
	idp.claims = { roles: ['Other'] };
	await v.page.click('a[href=sso]');
	await v.page.waitForURL(`${base}sso`);
	await failedWith(v, 'has no role', 'a person without a role');
	idp.claims = { aud: 'other' };
	await v.page.click('a[href=sso]');
	await v.page.waitForURL(`${base}sso`);
	await failedWith(v, 'is not valid here', 'a token for another service');
	idp.claims = {};
	await v.page.click('a[href=sso]');
	await v.page.waitForURL(base);
	check('the same browser can sign in then',
	    (await v.page.innerText('header')).includes('grace@example.org'));
	forgive(v, idp);
	quiet(v, 'refusals');
	await v.context.close();
}

async function forged(browser, idp, base) {
	const v = await visit(browser);
	const forge = (token) => v.page.goto(`${idp.origin}/forge?${
	    new URLSearchParams({ action: `${base}sso`, id_token: token })}`)
	    .then(() => v.page.waitForURL(`${base}sso`));

	await forge(idToken(idp.origin, ''));
	await failedWith(v, 'did not begin this sign-in',
	    'a token that nobody asked for');
	await forge(idToken(idp.origin, 'ab'.repeat(16)));
	await failedWith(v, 'did not begin this sign-in',
	    'a token of another browser');
	/* This browser has begun a sign-in, but the token is for another. */
	idp.waits = true;
	await v.page.goto(`${base}sso`);
	same('a sign-in has begun', (await v.context.cookies())
	    .map((c) => [c.name, c.httpOnly, c.secure, c.sameSite, c.path]),
	    [['__Secure-pushcert-sso', true, true, 'None', '/graph/ui']]);
	await forge(idToken(idp.origin, '00'.repeat(16)));
	await failedWith(v, 'is not valid here', 'a token of another sign-in');
	await v.context.close();
}

export const parts = {
	signIn: (browser) => withProvider(signIn, browser),
	withoutScript: (browser) => withProvider(
	    (b, idp, base) => signIn(b, idp, base, false), browser),
	refusals: (browser) => withProvider(refusals, browser),
	forged: (browser) => withProvider(forged, browser),
};
export const brief = ['signIn'];
