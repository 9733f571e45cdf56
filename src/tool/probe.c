/* SPDX-License-Identifier: ISC */
/*
 * probe.c - asks Apple's push service about the certificate of each tenant.
 *
 * A probe is a push to a device that cannot exist, so it reaches no device.
 * Apple judges the certificate before the device. No transaction is open while
 * curl runs, and no request is repeated, because Apple may take many
 * connections for an attack.
 */
#include "tool/probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format/emit.h"
#include "format/pem.h"
#include "format/x509_import.h"
#include "rules/csr.h"
#include "tool/cmd_names.h"
#include "tool/cmd_output.h"
#include "tool/probe_curl.h"

/* The shortest and the longest device token in hexadecimal digits; Apple may
 * change the length, which is 64 today. */
enum { DEVICE_MIN = 2, DEVICE_MAX = 200 };

/* A device that cannot exist, and its PushMagic. */
#define NO_DEVICE \
	"0000000000000000000000000000000000000000000000000000000000000000"
#define NO_MAGIC "00000000-0000-0000-0000-000000000000"

/* Most bytes of a PushMagic and of its payload in JSON, where a character has
 * up to 6 bytes. */
#define MAGIC_MAX 512
#define PAYLOAD_MAX ((size_t)6 * MAGIC_MAX + 16)

static bool
given(const struct cmd_call *c, enum cmd_option option)
{
	return (c->given & CMD_BIT(option)) != 0;
}

/* --- the options -------------------------------------------------------- */

static bool
is_device(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (str_hex_digit(s.p[i]) < 0)
			return false;
	return s.n % 2 == 0 && s.n >= DEVICE_MIN && s.n <= DEVICE_MAX;
}

/* Whether curl may send the push there; libcurl takes the text before an @ for
 * a user and a password. */
static bool
is_service(const char *url)
{
	struct str s = str_of(url);
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' ||
		    strchr("\"<>\\^`{|}@?#", s.p[i]) != NULL)
			return false;
	return str_starts(s, "https://") && s.n > 8 && s.p[8] != '/' &&
	    s.n < CONFIG_TEXT_MAX - DEVICE_MAX - 16;
}

const char *
probe_misused(const struct cmd_call *c)
{
	bool alone = given(c, OPTION_KEY) || given(c, OPTION_DEVICE);
	struct str magic = str_of(c->value[OPTION_MAGIC]);

	if (given(c, OPTION_ALL) && given(c, OPTION_TENANT))
		return "--all and --tenant exclude each other; give one of them";
	if (given(c, OPTION_ALL) && alone)
		return "--key and --device are for one tenant; give --tenant in "
		       "place of --all";
	if (given(c, OPTION_DEVICE) != given(c, OPTION_MAGIC))
		return "--device and --magic belong together; give both";
	if (given(c, OPTION_DEVICE) &&
	    !is_device(str_of(c->value[OPTION_DEVICE])))
		return "--device: give the token of the device as hexadecimal "
		       "digits";
	if (given(c, OPTION_MAGIC) &&
	    (magic.n == 0 || magic.n > MAGIC_MAX || !str_utf8_valid(magic)))
		return "--magic: give the PushMagic of the device, at most 512 "
		       "bytes of UTF-8";
	if (given(c, OPTION_URL) && !is_service(c->value[OPTION_URL]))
		return "--url: give https://host or https://host:port";
	return NULL;
}

static enum err
take_url(struct probe *p)
{
	const char *url = p->c->value[OPTION_URL];
	const char *device = p->c->value[OPTION_DEVICE];
	struct str base;

	if (url == NULL)
		url = p->c->config.apns_url;
	if (!is_service(url)) {
		cmd_error(p->c,
		    "apns_url: %s is not an address of a push service; set "
		    "https://host or https://host:port",
		    url);
		return ERR_CONFIG;
	}
	for (base = str_of(url); str_ends(base, "/"); base.n--)
		;
	snprintf(p->url, sizeof(p->url), "%.*s/3/device/%s", STR_ARG(base),
	    device != NULL ? device : NO_DEVICE);
	return ERR_OK;
}

/* curl would say only that the server is not trusted. */
static enum err
check_ca(struct cmd_call *c)
{
	const char *path = c->value[OPTION_CA];

	if (path == NULL)
		return ERR_OK;
	if (strchr(path, '\n') != NULL) {
		cmd_error(c, "--ca: the path contains a line feed");
		return ERR_FILE;
	}
	return access(path, R_OK) == 0 ? ERR_OK : cmd_fail_file(c, path);
}

static enum err
make_payload(struct probe *p)
{
	const char *magic = p->c->value[OPTION_MAGIC];
	char *text = arena_take(&p->c->arena, PAYLOAD_MAX);
	struct buf out;
	struct emit e;

	if (text == NULL)
		return ERR_MEMORY;
	buf_init(&out, text, PAYLOAD_MAX);
	emit_init(&e, &out);
	emit_object(&e);
	emit_name(&e, "mdm");
	emit_text(&e, magic != NULL ? magic : NO_MAGIC);
	emit_end(&e);
	p->payload = buf_view(&out);
	return out.full ? ERR_MEMORY : ERR_OK;
}

/* --- the pair ----------------------------------------------------------- */

static void
set_verdict(struct probe_result *r, enum apns_grade grade, const char *text)
{
	r->verdict = (struct apns_verdict){ .grade = grade, .text = text };
}

/* Takes the private key from the file of --key. Returns ERR_STOP after a
 * verdict. */
static enum err
key_of_file(struct probe *p, const struct x509 *x, struct probe_result *r,
    struct x509_import *found)
{
	struct x509_import_source in = { .key_text = p->key_text };
	struct str what = { NULL, 0 };
	struct buf pem;
	enum err e;

	buf_open(&pem, &p->c->arena);
	pem_write("CERTIFICATE", x->der, &pem);
	in.text = buf_close(&pem, &p->c->arena);
	if (str_is_null(in.text))
		return ERR_MEMORY;
	e = cmd_read_pair(p->c, &in, found, &what);
	if (e == ERR_OK && str_eq(found->public_key, x->public_key))
		return ERR_OK;
	if (e == ERR_OK || (e == ERR_KEY_MISMATCH && found->other_key)) {
		set_verdict(r, APNS_CRITICAL,
		    "the key of --key belongs to another certificate");
		return ERR_STOP;
	}
	if (e != ERR_KEY_MISMATCH && e != ERR_NOT_A_CERTIFICATE)
		return e;
	(void)cmd_fail_with(p->c, p->c->value[OPTION_KEY], what);
	set_verdict(r, APNS_UNKNOWN,
	    "the file of --key has no private key that can be read");
	return ERR_STOP;
}

/* Finds the private key in the store. Returns ERR_STOP after a verdict. */
static enum err
key_of_store(struct probe *p, const struct x509 *x, struct probe_result *r,
    struct x509_import *found)
{
	enum err e = csr_private_key(p->c->reader, &p->secrets, &r->tenant,
	    x->public_key, found->private_key, &found->private_n);

	if (e == ERR_NOT_FOUND)
		set_verdict(r, APNS_UNKNOWN,
		    "the private key is elsewhere; name its file with --key");
	else if (e == ERR_CORRUPT || e == ERR_NOT_IMPLEMENTED)
		set_verdict(r, APNS_UNKNOWN,
		    "the private key cannot be opened; restore the file of "
		    "key_file, or name the key with --key");
	else
		return e;
	return ERR_STOP;
}

static enum err
make_pair(struct probe *p, const struct x509 *x, const struct x509_import *key,
    struct str *out)
{
	struct buf pem;

	buf_open(&pem, &p->c->arena);
	pem_write("CERTIFICATE", x->der, &pem);
	pem_write("PRIVATE KEY",
	    str_from((const char *)key->private_key, key->private_n), &pem);
	*out = buf_close(&pem, &p->c->arena);
	return str_is_null(*out) ? ERR_MEMORY : ERR_OK;
}

/* --- one tenant --------------------------------------------------------- */

static enum err
copy_text(struct str s, char **out)
{
	free(*out);
	*out = strndup(s.n > 0 ? s.p : "", s.n);
	return *out != NULL ? ERR_OK : ERR_MEMORY;
}

/* Copies the texts that outlive the transaction. */
static enum err
keep(struct probe *p, struct x509 *x)
{
	x->der = arena_copy(&p->c->arena, x->der);
	x->topic = arena_copy(&p->c->arena, x->topic);
	x->public_key = arena_copy(&p->c->arena, x->public_key);
	return str_is_null(x->der) || str_is_null(x->topic) ||
		str_is_null(x->public_key)
	    ? ERR_MEMORY
	    : ERR_OK;
}

/* Reads the certificate of a record. Returns ERR_STOP after a verdict. */
static enum err
read_certificate(struct probe *p, struct probe_result *r, struct x509 *x)
{
	struct record record;
	struct str what;
	enum err e = store_record(p->c->reader, &r->tenant, &record);

	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	if (e == ERR_NOT_FOUND || record.value[RECORD_CERTIFICATE].n == 0 ||
	    x509_read(record.value[RECORD_CERTIFICATE], &p->c->arena, x,
		&what) != ERR_OK ||
	    str_is_null(x->der)) {
		set_verdict(r, APNS_UNKNOWN,
		    "the tenant has no push certificate; upload one");
		return ERR_STOP;
	}
	if ((e = copy_text(x->topic, &r->topic)) != ERR_OK ||
	    (e = copy_text(x->serial, &r->serial)) != ERR_OK)
		return e;
	if (apns_is_topic(x->topic))
		return keep(p, x);
	set_verdict(r, APNS_UNKNOWN,
	    "the certificate has no topic that Apple can know; upload a push "
	    "certificate");
	return ERR_STOP;
}

static void
ask(struct probe *p, struct probe_result *r, const struct probe_request *q)
{
	probe_curl_run(q, &p->c->arena, p->reply);
	if (p->reply->cause != 0) {
		set_verdict(r, APNS_UNKNOWN, "curl cannot be started");
		r->verdict.curl = PROBE_NO_CURL;
		snprintf(r->verdict.words, sizeof(r->verdict.words), "%s",
		    strerror(p->reply->cause));
		return;
	}
	if (p->reply->answer.exit_status == PROBE_NO_CURL) {
		set_verdict(r, APNS_UNKNOWN,
		    "the program curl cannot be run; install the package curl");
		return;
	}
	p->reply->answer.real_device = given(p->c, OPTION_DEVICE);
	apns_judge(&p->reply->answer, &p->c->arena, &r->verdict);
}

/* Reads the certificate and, unless --key is given, its key, in a transaction
 * that ends here. A passphrase for the key of --key may take any time. */
static enum err
read_pair(struct probe *p, struct probe_result *r, struct x509 *x,
    struct x509_import *found)
{
	enum err e = store_begin(p->c->reader);

	if (e == ERR_OK)
		e = read_certificate(p, r, x);
	if (e == ERR_OK && !given(p->c, OPTION_KEY))
		e = key_of_store(p, x, r, found);
	store_end(p->c->reader);
	if (e == ERR_OK && given(p->c, OPTION_KEY))
		e = key_of_file(p, x, r, found);
	return e;
}

static enum err
probe_one(struct probe *p, struct probe_result *r)
{
	struct arena *a = &p->c->arena;
	struct probe_request q = { .url = p->url,
		.ca = p->c->value[OPTION_CA],
		.payload = p->payload };
	struct x509_import found = { .private_n = 0 };
	size_t used = a->used;
	struct x509 x = { .der = { NULL, 0 } };
	enum err e = read_pair(p, r, &x, &found);

	if (e == ERR_OK)
		e = make_pair(p, &x, &found, &q.pair);
	crypto_wipe(found.private_key, sizeof(found.private_key));
	if (e == ERR_OK) {
		q.topic = x.topic;
		ask(p, r, &q);
	}
	crypto_wipe(a->block + used, a->used - used);
	a->used = used;
	return e == ERR_STOP ? ERR_OK : e;
}

/* --- all ---------------------------------------------------------------- */

static void
free_result(struct probe_result *r)
{
	free(r->alias);
	free(r->topic);
	free(r->serial);
	free(r);
}

static enum err
list_tenant(const struct guid *tenant, const struct record *record, void *arg)
{
	struct probe *p = arg;
	struct probe_result *r = calloc(1, sizeof(*r));
	enum err e = ERR_MEMORY;

	(void)record;
	if (r == NULL)
		return ERR_MEMORY;
	r->tenant = *tenant;
	if ((e = copy_text(cmd_names_alias(p->c->names, tenant), &r->alias)) !=
		ERR_OK ||
	    (e = copy_text(STR_EMPTY, &r->topic)) != ERR_OK ||
	    (e = copy_text(STR_EMPTY, &r->serial)) != ERR_OK) {
		free_result(r);
		return e;
	}
	*p->last = r;
	p->last = &r->next;
	return ERR_OK;
}

/* Prepares everything that is the same for each tenant. */
static enum err
begin(struct probe *p)
{
	struct cmd_call *c = p->c;
	enum err e;

	if ((given(c, OPTION_KEY) || given(c, OPTION_DEVICE)) &&
	    (e = cmd_need_tenant(c)) != ERR_OK)
		return e;
	if ((e = take_url(p)) != ERR_OK || (e = check_ca(c)) != ERR_OK ||
	    (e = cmd_load_key(c, &p->secrets)) != ERR_OK)
		return e;
	if (given(c, OPTION_KEY) &&
	    (e = cmd_import_read(c, c->value[OPTION_KEY], &p->key_text)) !=
		ERR_OK)
		return e;
	p->reply = calloc(1, sizeof(*p->reply));
	if ((e = p->reply != NULL ? ERR_OK : ERR_MEMORY) == ERR_OK &&
	    (e = make_payload(p)) == ERR_OK)
		e = cmd_each_tenant(c, list_tenant, p);
	if (e != ERR_OK)
		(void)cmd_fail(c, e, cmd_place(c));
	return e;
}

enum err
probe_run(struct cmd_call *c, struct probe *p,
    void (*done)(struct cmd_call *c, const struct probe_result *r))
{
	struct probe_result *r;
	enum err e;

	*p = (struct probe){ .c = c };
	p->last = &p->first;
	e = begin(p);
	store_end(c->reader);
	if (e == ERR_OK && given(c, OPTION_KEY))
		cmd_warn_of_readers(c, c->value[OPTION_KEY]);
	for (r = p->first; r != NULL && e == ERR_OK; r = r->next) {
		if ((e = probe_one(p, r)) != ERR_OK) {
			(void)cmd_fail(c, e, cmd_place(c));
			break;
		}
		p->count[r->verdict.grade]++;
		if (done != NULL)
			done(c, r);
	}
	if (e == ERR_OK && (e = store_begin(c->reader)) != ERR_OK)
		(void)cmd_fail(c, e, cmd_place(c));
	return e;
}

void
probe_end(struct probe *p)
{
	struct probe_result *r, *next;

	for (r = p->first; r != NULL; r = next) {
		next = r->next;
		free_result(r);
	}
	p->first = NULL;
	free(p->reply);
	secret_wipe(&p->secrets);
}
