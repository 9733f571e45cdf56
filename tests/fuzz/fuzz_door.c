/* SPDX-License-Identifier: ISC */
/*
 * fuzz_door.c - authentication with JWKS: key sets and signed tokens, each
 * assembled from the bytes of the input, are given to auth_bearer.
 *
 * The target computes the expected result independently of the code that it
 * tests. For each entry it knows whether the entry is usable and for which
 * issuer its key may sign; for each token it knows the signer and the claims.
 * auth_bearer must accept exactly the tokens that these facts allow, with the
 * key set from the file and from the cache. After a second set has replaced the
 * first one, the keys that are kept for a day count as well. A token with a
 * changed byte is never accepted.
 */
#include "rules/auth.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "format/jwt.h"
#include "base/log.h"

#define NOW 1700000000
#define KEYS 3
#define ENTRIES 6

#define LISTED "11111111-1111-4111-8111-111111111111"
#define UNLISTED "22222222-2222-4222-8222-222222222222"
#define MSA "9188040d-6c67-4c5b-b112-36a304b66dad"
#define RIGHT "DeviceManagementServiceConfig.Read.All"

static const char *const tenants[] = { LISTED, UNLISTED };

/* Issuers of keys and tokens. In a set and in the configuration, a star stands
 * for {tenantid}; in a token it stands for the token's tenant. */
enum issuer { A, B, STS, LOGIN, LOGIN_LISTED, LOGIN_MSA, STS_LISTED, ISSUERS };
static const char *const issuers[] = {
	[A] = "https://a.test/",
	[B] = "https://b.test/*/",
	[STS] = "https://sts.windows.net/*/",
	[LOGIN] = "https://login.microsoftonline.com/*/v2.0",
	[LOGIN_LISTED] = "https://login.microsoftonline.com/" LISTED "/v2.0",
	[LOGIN_MSA] = "https://login.microsoftonline.com/" MSA "/v2.0",
	[STS_LISTED] = "https://sts.windows.net/" LISTED "/",
};

/* Values of jwt_issuer, and whether all issuers of a value are one server. */
static const struct world {
	size_t n;
	enum issuer issuer[3];
	bool one_server;
} worlds[] = {
	{ 2, { STS, LOGIN }, true },
	{ 1, { A }, true },
	{ 2, { A, B }, false },
	{ 1, { LOGIN_LISTED }, true },
	{ 3, { STS, LOGIN, B }, false },
	{ 2, { STS_LISTED, LOGIN }, true },
	{ 1, { B }, true },
	{ 2, { A, LOGIN_MSA }, false },
};

/* Variants of an entry: additional members, or a text instead of the entry. */
static const struct flaw {
	const char *more;
	bool usable, exposes;
	const char *instead; /* replaces the whole entry */
} flaws[] = {
	{ "", true, false, NULL },
	{ "", true, false, NULL },
	{ "", true, false, NULL },
	{ ",\"use\":\"sig\",\"alg\":\"RS256\"", true, false, NULL },
	{ ",\"use\":null,\"alg\":null", true, false, NULL },
	{ ",\"key_ops\":[\"verify\"],\"x5c\":[\"MIIC\"]", true, false, NULL },
	{ ",\"use\":\"enc\"", false, false, NULL },
	{ ",\"alg\":\"RS512\"", false, false, NULL },
	{ ",\"alg\":1", false, false, NULL },
	{ ",\"key_ops\":[\"sign\"]", false, false, NULL },
	{ ",\"e\":\"AQAB\"", false, false, NULL }, /* a duplicate */
	{ ",\"d\":\"AQAB\"", false, true, NULL },
	{ ",\"q\":\"AQAB\",\"use\":\"enc\"", false, true, NULL },
	{ "", false, false, "null" },
	{ "", false, false, "{\"kty\":\"RSA\",\"kid\":\"\\ud800\"}" },
	{ "", false, false, "{\"kty\":\"EC\",\"kid\":\"one\"}" },
	{ "", false, false, "{\"kty\":\"oct\",\"kid\":\"one\",\"k\":\"AA\"}" },
	{ "", false, false,
	    "{\"kty\":\"RSA\",\"kid\":\"two\",\"e\":\"AQAB\"}" },
	{ "", false, false,
	    "{\"kty\":\"RSA\",\"kid\":\"one\",\"n\":\"wQAB\",\"e\":\"AQAB\"}" },
};

/* Values of kid in a set; the first two are also used in tokens. */
static const char *const names[] = { "\"one\"", "\"two\"", "\"one\"", "\"two\"",
	"\"\"", "1", "null", "\"One\"" };
#define NAMES 2

/* Headers of tokens, with a star in place of the key's name, and claims. */
static const struct header {
	const char *text;
	bool right;
} headers[] = {
	{ "{\"alg\":\"RS256\",\"kid\":*,\"typ\":\"JWT\"}", true },
	{ "{\"alg\":\"RS256\",\"kid\":*}", true },
	{ "{\"alg\":\"RS256\",\"kid\":*,\"typ\":\"application/at+jwt\"}",
	    true },
	{ "{\"alg\":\"none\",\"kid\":*}", false },
	{ "{\"alg\":\"HS256\",\"kid\":*}", false },
	{ "{\"alg\":\"RS256\",\"kid\":*,\"typ\":\"JOSE\"}", false },
	{ "{\"alg\":\"RS256\",\"kid\":*,\"crit\":[]}", false },
	{ "{\"alg\":\"RS256\",\"kid\":*,\"alg\":\"RS256\"}", false },
};
static const struct claim {
	const char *text;
	bool right;
} claims[] = {
	{ "\"aud\":\"https://graph.microsoft.com\",\"exp\":1700003600,"
	  "\"scp\":\"" RIGHT "\"",
	    true },
	{ "\"aud\":[null,\"00000003-0000-0000-c000-000000000000\"],"
	  "\"exp\":1700000000.5,\"scp\":null,\"roles\":\"" RIGHT "\"",
	    true },
	{ "\"aud\":\"https://graph.microsoft.com/\",\"exp\":1700003600,"
	  "\"scp\":\"" RIGHT "\"",
	    false },
	{ "\"aud\":\"https://graph.microsoft.com\",\"exp\":1699999939,"
	  "\"scp\":[\"" RIGHT "\"]",
	    false },
	{ "\"aud\":\"https://graph.microsoft.com\",\"exp\":1700003600,"
	  "\"nbf\":1700000100",
	    false },
};

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

struct input {
	const uint8_t *p;
	size_t n;
};

/* Returns a number below n, chosen by the next byte of the input; 0 at the end
 * of the input. */
static size_t
choose(struct input *in, size_t n)
{
	size_t byte = in->n > 0 ? in->p[0] : 0;

	if (in->n > 0) {
		in->p++;
		in->n--;
	}
	return byte % n;
}

/* --- made once ---------------------------------------------------------- */

static struct {
	bool ready;
	EVP_PKEY *key[KEYS];
	char modulus[KEYS][512];
	char path[300], fresh[300];
	struct store *store;
	struct txn *tx;
	char block[JWT_ARENA + 4096];
} scene;

static void
make_key(int i)
{
	unsigned char *der = NULL;
	int size;

	fuzz_check((scene.key[i] = EVP_RSA_gen(2048)) != NULL);
	/* The DER ends with 256 bytes of modulus, 02 03 and the exponent. */
	fuzz_check((size = i2d_PUBKEY(scene.key[i], &der)) == 294);
	scene.modulus[i][str_base64url(
	    der + size - 5 - 256, 256, scene.modulus[i])] = '\0';
	OPENSSL_free(der);
}

static char directory[256];

static enum err
put_tenant(struct txn *tx, void *arg)
{
	return store_tenant_put(tx, arg);
}

static void
remove_files(void)
{
	static const char *const files[] = { "data.mdb", "lock.mdb", "jwks",
		"new" };
	char path[300];
	size_t i;

	for (i = 0; i < ROWS(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, files[i]);
		unlink(path);
	}
	rmdir(directory);
}

static void
make_store(void)
{
	const char *above = getenv("TMPDIR");
	struct store_options options = { .directory = directory,
		.map_size = (size_t)1 << 20,
		.readers = 10,
		.history_keep = 1,
		.create = true };
	struct tenant t = { .created_at = NOW };
	int n = snprintf(directory, sizeof(directory), "%s/fuzz-door.XXXXXX",
	    above != NULL ? above : "/tmp");

	fuzz_check((size_t)n < sizeof(directory));
	fuzz_check(mkdtemp(directory) != NULL);
	snprintf(scene.path, sizeof(scene.path), "%s/jwks", directory);
	snprintf(scene.fresh, sizeof(scene.fresh), "%s/new", directory);
	fuzz_check(store_open(&options, &scene.store) == ERR_OK);
	fuzz_check(str_guid(str_of(LISTED), &t.id));
	fuzz_check(store_update(scene.store, put_tenant, &t) == ERR_OK);
	fuzz_check(store_reader(scene.store, &scene.tx) == ERR_OK);
	atexit(remove_files);
}

/* Opens the log on /dev/null, because invalid key sets are logged and libFuzzer
 * needs standard error for itself. The log keeps its own descriptor. */
static void
silence_the_log(void)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int kept = dup(STDERR_FILENO);

	fuzz_check(null >= 0 && kept >= 0);
	fuzz_check(dup2(null, STDERR_FILENO) == STDERR_FILENO);
	log_open(false, LOG_AT_ERROR);
	fuzz_check(dup2(kept, STDERR_FILENO) == STDERR_FILENO);
	close(null);
	close(kept);
}

static void
set_the_scene(void)
{
	int i;

	if (scene.ready)
		return;
	silence_the_log();
	for (i = 0; i < KEYS; i++)
		make_key(i);
	make_store();
	scene.ready = true;
}

/* --- key sets ----------------------------------------------------------- */

struct entry {
	size_t name, key, issuer; /* ISSUERS and above: no issuer */
	const struct flaw *flaw;
	bool usable;
};

struct set {
	struct entry entry[2 * ENTRIES]; /* including the keys that are kept */
	size_t n;
	bool exposed[KEYS];
	bool usable; /* contains a usable key */
};

static void
put_issuer(struct buf *b, size_t issuer, const char *tenant)
{
	struct str rest = str_of(issuers[issuer]);

	buf_str(b, str_cut(&rest, '*'));
	if (!str_is_null(rest)) {
		buf_text(b, tenant);
		buf_str(b, rest);
	}
}

static void
put_entry(struct buf *b, const struct entry *e)
{
	if (e->flaw->instead != NULL) {
		buf_text(b, e->flaw->instead);
		return;
	}
	buf_printf(b,
	    "{\"kty\":\"RSA\",\"kid\":%s,\"e\":\"AQAB\",\"n\":\"%s\"%s",
	    names[e->name], scene.modulus[e->key], e->flaw->more);
	if (e->issuer < ISSUERS) {
		buf_text(b, ",\"issuer\":\"");
		put_issuer(b, e->issuer, "{tenantid}");
		buf_char(b, '"');
	} else if (e->issuer == ISSUERS) {
		buf_text(b, ",\"issuer\":null");
	}
	buf_char(b, '}');
}

static void
choose_set(struct input *in, struct set *set)
{
	size_t i;

	memset(set, 0, sizeof(*set));
	set->n = choose(in, ENTRIES + 1);
	for (i = 0; i < set->n; i++) {
		struct entry *e = &set->entry[i];

		e->name = choose(in, ROWS(names));
		e->key = choose(in, KEYS);
		e->issuer = choose(in, ISSUERS + 4);
		e->flaw = &flaws[choose(in, ROWS(flaws))];
		set->exposed[e->key] |= e->flaw->exposes;
	}
	for (i = 0; i < set->n; i++) {
		struct entry *e = &set->entry[i];

		e->usable = e->flaw->usable && !set->exposed[e->key] &&
		    strlen(names[e->name]) > 2 && names[e->name][0] == '"';
		set->usable |= e->usable;
	}
}

/* Writes the set as UTF-8, as UTF-8 with a byte order mark, or as UTF-16. */
static void
write_set(const struct set *set, size_t form)
{
	static char text[ENTRIES * 2048];
	struct buf b;
	FILE *f;
	size_t i;

	buf_init(&b, text, sizeof(text));
	buf_text(&b, form == 1 ? "\xef\xbb\xbf{\"keys\":[" : "{\"keys\":[");
	for (i = 0; i < set->n; i++) {
		if (i > 0)
			buf_char(&b, ',');
		put_entry(&b, &set->entry[i]);
	}
	buf_text(&b, "]}");
	fuzz_check(!b.full && (f = fopen(scene.fresh, "w")) != NULL);
	for (i = 0; i < b.n; i++) {
		putc(b.p[i], f);
		if (form == 2)
			putc(0, f);
	}
	fuzz_check(fclose(f) == 0 && rename(scene.fresh, scene.path) == 0);
}

static bool
has_name(const struct set *set, const char *name)
{
	size_t i;

	for (i = 0; i < set->n; i++)
		if (set->entry[i].usable &&
		    strcmp(names[set->entry[i].name], name) == 0)
			return true;
	return false;
}

/* Computes the keys in the keyring after the second set. A set without a usable
 * key is not loaded, but its exposed keys are dropped. */
static void
follow(const struct set *former, struct set *set)
{
	struct set both = *set;
	size_t i;

	if (!set->usable)
		both.n = 0;
	for (i = 0; i < former->n; i++) {
		const struct entry *e = &former->entry[i];

		if (!e->usable || set->exposed[e->key] ||
		    (set->usable && has_name(set, names[e->name])))
			continue;
		both.entry[both.n++] = *e;
	}
	*set = both;
}

/* --- tokens ------------------------------------------------------------- */

struct ticket {
	size_t name, signer, issuer, tenant, header, claims;
};

#define SIGNED \
	(NAMES * KEYS * ISSUERS * ROWS(tenants) * ROWS(headers) * ROWS(claims))

static size_t
number_of(const struct ticket *t)
{
	size_t n = t->name;

	n = n * KEYS + t->signer;
	n = n * ISSUERS + t->issuer;
	n = n * ROWS(tenants) + t->tenant;
	n = n * ROWS(headers) + t->header;
	return n * ROWS(claims) + t->claims;
}

static void
put_part(struct buf *b, const void *bytes, size_t n)
{
	char digits[2048];

	fuzz_check(STR_BASE64_SIZE(n) <= sizeof(digits));
	buf_put(b, digits, str_base64url(bytes, n, digits));
}

static char *
sign(const struct ticket *t)
{
	char text[4096], header[256], json[1024];
	struct str rest = str_of(headers[t->header].text);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t signature[256];
	size_t n = sizeof(signature);
	struct buf b, c;

	buf_init(&c, header, sizeof(header));
	buf_str(&c, str_cut(&rest, '*'));
	buf_text(&c, names[t->name]);
	buf_str(&c, rest);
	buf_char(&c, '\0');
	buf_init(&c, json, sizeof(json));
	buf_text(&c, "{\"iss\":\"");
	put_issuer(&c, t->issuer, tenants[t->tenant]);
	buf_printf(&c, "\",\"tid\":\"%s\",%s}", tenants[t->tenant],
	    claims[t->claims].text);
	buf_init(&b, text, sizeof(text));
	buf_text(&b, "Bearer ");
	put_part(&b, header, strlen(header));
	buf_char(&b, '.');
	put_part(&b, c.p, c.n);
	fuzz_check(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL,
		       scene.key[t->signer]) == 1 &&
	    EVP_DigestSign(ctx, signature, &n, (uint8_t *)b.p + 7, b.n - 7) ==
		1);
	EVP_MD_CTX_free(ctx);
	buf_char(&b, '.');
	put_part(&b, signature, n);
	buf_char(&b, '\0');
	fuzz_check(!b.full && !c.full);
	return strdup(text);
}

/* Returns the token as text. Each token is signed only once, since signing
 * takes a thousand times as long as everything else here. */
static char *
text_of(const struct ticket *t)
{
	static char *made[SIGNED];
	size_t n = number_of(t);

	if (made[n] == NULL)
		made[n] = sign(t);
	return made[n];
}

static void
choose_token(struct input *in, struct ticket *t)
{
	t->name = choose(in, NAMES);
	t->signer = choose(in, KEYS);
	t->issuer = choose(in, ISSUERS);
	t->tenant = choose(in, ROWS(tenants));
	/* Most headers and claims are valid; otherwise the signature and the
	 * issuer would rarely be checked. */
	t->header = choose(in, 2) ? choose(in, ROWS(headers)) : 0;
	t->claims = choose(in, 2) ? choose(in, ROWS(claims)) : 0;
}

/* --- the expected result ------------------------------------------------ */

/* Returns the issuer as it appears in a token. */
static struct str
issuer_text(size_t issuer, const char *tenant, char out[128])
{
	struct buf b;

	buf_init(&b, out, 128);
	put_issuer(&b, issuer, tenant);
	return buf_view(&b);
}

static bool
same_issuer(size_t a, size_t b, const char *tenant)
{
	char text[2][128];

	return str_eq(
	    issuer_text(a, tenant, text[0]), issuer_text(b, tenant, text[1]));
}

/* True if the key may sign tokens of this issuer. A key of Entra ID may sign
 * tokens of both versions (sts.windows.net and login.microsoftonline.com), for
 * the token's own tenant. */
static bool
speaks_for(size_t key, const struct ticket *t)
{
	const char *tenant = tenants[t->tenant];
	bool both = same_issuer(t->issuer, STS, tenant) ||
	    same_issuer(t->issuer, LOGIN, tenant);

	return same_issuer(key, t->issuer, tenant) ||
	    (both &&
		(same_issuer(key, STS, tenant) ||
		    same_issuer(key, LOGIN, tenant)));
}

static bool
has_speaker(
    const struct set *set, const struct world *world, const struct ticket *t)
{
	size_t i;

	for (i = 0; i < set->n; i++) {
		const struct entry *e = &set->entry[i];

		if (!e->usable || e->key != t->signer ||
		    strcmp(names[e->name], names[t->name]) != 0)
			continue;
		if (e->issuer < ISSUERS ? speaks_for(e->issuer, t)
					: world->one_server)
			return true;
	}
	return false;
}

static bool
is_welcome(const struct world *world, const struct ticket *t)
{
	size_t i;

	for (i = 0; i < world->n; i++)
		if (same_issuer(
			world->issuer[i], t->issuer, tenants[t->tenant]))
			return true;
	return false;
}

static bool
may_enter(const struct set *set, const struct world *world, bool any_tenant,
    const struct ticket *t)
{
	return headers[t->header].right && claims[t->claims].right &&
	    is_welcome(world, t) && has_speaker(set, world, t) &&
	    (any_tenant || t->tenant == 0);
}

/* --- authentication ----------------------------------------------------- */

static enum err
knock(
    struct auth *auth, struct str header, int64_t now_at, struct principal *who)
{
	struct arena arena;
	const struct auth_call call = { .tx = scene.tx,
		.authorization = header,
		.now_at = now_at,
		.arena = &arena };
	enum err e;

	arena_init(&arena, scene.block, sizeof(scene.block));
	fuzz_check(store_begin(scene.tx) == ERR_OK);
	e = auth_bearer(auth, &call, who);
	store_end(scene.tx);
	fuzz_check(e == ERR_OK || e == ERR_TENANT || e == ERR_TOKEN_INVALID ||
	    e == ERR_TOKEN_EXPIRED);
	return e;
}

/* Checks the token twice, since the cache may answer the second time. */
static void
check_token(
    struct auth *auth, const struct ticket *t, bool wanted, int64_t now_at)
{
	struct principal who;
	struct guid tenant;
	enum err e;
	int i;

	fuzz_check(str_guid(str_of(tenants[t->tenant]), &tenant));
	for (i = 0; i < 2; i++) {
		e = knock(auth, str_of(text_of(t)), now_at, &who);
		fuzz_check((e == ERR_OK) == wanted);
		if (e != ERR_OK)
			continue;
		fuzz_check(who.scopes == AUTH_SERVICE_CONFIG_READ);
		fuzz_check(memcmp(&who.tenant, &tenant, sizeof(tenant)) == 0);
	}
}

/* Changes any byte of the token, but not of the scheme before it. */
static void
check_changed(
    struct auth *auth, const struct ticket *t, struct input *in, int64_t now_at)
{
	char text[4096];
	size_t n = strlen(text_of(t)), at;
	struct principal who;

	at = 7 + (choose(in, 256) << 8 | choose(in, 256)) % (n - 7);
	memcpy(text, text_of(t), n);
	text[at] = (char)(text[at] ^ (1 + choose(in, 127)));
	/* Blanks at the start or end are not part of the token. */
	if (text[at] == ' ' || text[at] == '\t')
		return;
	fuzz_check(knock(auth, str_from(text, n), now_at, &who) != ERR_OK);
}

static void
configure(struct config *c, const struct world *world, bool any_tenant)
{
	struct buf b;
	size_t i;

	config_default(c);
	snprintf(c->jwks_file, sizeof(c->jwks_file), "%s", scene.path);
	c->tenants = any_tenant ? CONFIG_TENANTS_ANY : CONFIG_TENANTS_LISTED;
	memset(c->jwt_issuer, 0, sizeof(c->jwt_issuer));
	buf_init(&b, c->jwt_issuer, sizeof(c->jwt_issuer) - 1);
	for (i = 0; i < world->n; i++) {
		buf_text(&b, i > 0 ? ", " : "");
		put_issuer(&b, world->issuer[i], "{tenantid}");
	}
	fuzz_check(!b.full);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	const struct world *world;
	static struct config config;
	static struct set set, former;
	struct auth *auth;
	struct ticket t;
	bool any_tenant;
	int i, round;

	set_the_scene();
	world = &worlds[choose(&in, ROWS(worlds))];
	any_tenant = choose(&in, 2) == 1;
	configure(&config, world, any_tenant);
	choose_set(&in, &set);
	write_set(&set, choose(&in, 3));
	fuzz_check((auth = auth_open(&config, NOW)) != NULL);
	for (round = 0; round < 2 && (round == 0 || in.n > 0); round++) {
		if (round > 0) {
			former = set;
			choose_set(&in, &set);
			write_set(&set, choose(&in, 3));
			follow(&former, &set);
		}
		for (i = 0; i < 4; i++) {
			choose_token(&in, &t);
			check_token(auth, &t,
			    may_enter(&set, world, any_tenant, &t),
			    NOW + round);
			if (choose(&in, 4) == 1)
				check_changed(auth, &t, &in, NOW + round);
		}
	}
	auth_close(auth);
	return 0;
}
