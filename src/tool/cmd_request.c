/* SPDX-License-Identifier: ISC */
/*
 * cmd_request.c - makes a private key and a certificate request for it, and
 * says what to do with the request on Apple's page.
 */
#include "tool/cmd_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "format/x509_csr.h"
#include "format/x509_make.h"
#include "rules/csr.h"
#include "tool/cmd_output.h"
#include "tool/vendor_command.h"

/* A request holds nothing secret. */
#define PUBLIC_MODE (S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH)

/* Returns NULL, or what is wrong with the vendor's files on the command line.
 */
static const char *
misused_vendor(const struct cmd_call *c)
{
	const char *key = c->value[OPTION_VENDOR_KEY];

	if ((c->value[OPTION_VENDOR_CERT] == NULL) != (key == NULL))
		return "--vendor-cert and --vendor-key go together; give both";
	return key != NULL && strlen(key) >= CONFIG_TEXT_MAX
	    ? "--vendor-key: the path is too long"
	    : NULL;
}

/* Makes the vendor's files on the command line override those in the
 * configuration. */
static void
take_vendor(struct cmd_call *c)
{
	const char *key = c->value[OPTION_VENDOR_KEY];

	if (key == NULL)
		return;
	strcpy(c->config.vendor_certificate, c->vendor_certificates);
	strcpy(c->config.vendor_key, key);
	c->config.vendor_command[0] = '\0';
}

static void
warn_of_vendor(struct cmd_call *c, const struct secrets *s)
{
	struct expiry x = expiry_of_text(str_of(s->vendor_chain), &c->arena);
	enum expiry_status status = expiry_status(
	    &x, cmd_now_at(), EXPIRY_DAYS);

	if (c->config.vendor_command[0] != '\0')
		return;
	if (!s->is_vendor)
		cmd_warn(c,
		    "Apple's portal accepts only a request that an MDM vendor "
		    "has signed; send this one to the vendor or a signing "
		    "service, or set vendor_certificate and vendor_key, or "
		    "vendor_command");
	else if (status == EXPIRY_EXPIRING ||
	    (status != EXPIRY_VALID && s->vendor_as_it_is))
		cmd_warn(c, "the vendor certificate is %s; %s",
		    expiry_word(status),
		    status == EXPIRY_EXPIRING
			? "renew it, or it will soon sign no more requests"
			: "Apple will not accept this request");
}

/* Prints why the subject or the vendor's files cannot be used for a request. */
static int
refuse_request(const struct cmd_call *c, struct str what)
{
	cmd_error(c, "%.*s%s", STR_ARG(what),
	    str_starts(what, X509_CHAIN) ? "; --force uses the chain as it is"
					 : "");
	return EXIT_FAILURE;
}

/*
 * Whether a request is pending. The operator may have sent it to Apple already.
 */
static bool
is_pending(struct cmd_call *c)
{
	struct csr csr;

	return store_csr(c->reader, &c->tenant, NULL, &csr) == ERR_OK;
}

/* --- what to do with it ------------------------------------------------- */

/* The wrong choice on Apple's page makes a certificate of another topic, and
 * every device has to enrol again. */
static void
guide(const struct cmd_call *c, const struct record *r, bool is_signed)
{
	struct str id = r->value[RECORD_APPLE_ID];
	const char *file = c->value[OPTION_OUTPUT];
	char tenant[STR_GUID_LEN + 1] = "";

	if (id.n > 0)
		cmd_note(c,
		    "sign in at https://identity.apple.com/pushcert with the "
		    "Apple ID %.*s",
		    STR_ARG(id));
	else
		cmd_note(c,
		    "sign in at https://identity.apple.com/pushcert with the "
		    "Apple ID of the organisation; the record names none");
	if (record_is_real(r))
		cmd_note(c,
		    "at the certificate with the serial number %.*s (UID %.*s, "
		    "expires %.*s) choose Renew, not Create",
		    STR_ARG(r->value[RECORD_SERIAL]),
		    STR_ARG(r->value[RECORD_TOPIC]),
		    STR_ARG(r->value[RECORD_EXPIRES]));
	else
		cmd_note(c, "choose Create a Certificate");
	cmd_note(c,
	    "upload %s there; the name of the file must end in .plist or .txt, "
	    "not in .csr",
	    !is_signed ? "the request that the vendor returns"
		: file != NULL && strcmp(file, "-") != 0 ? file
							 : "this output");
	if ((c->given & CMD_BIT(OPTION_TENANT)) != 0)
		str_guid_text(&c->tenant, tenant);
	cmd_note(c,
	    "then run 'pushcert upload FILE%s%s%s' with Apple's certificate",
	    tenant[0] != '\0' ? " --tenant " : "", tenant,
	    c->config.deploy_directory[0] != '\0' ? " --deploy" : "");
}

/* Reads the record for the guide; without one, *out stays empty. */
static enum err
read_record(struct cmd_call *c, struct record *out)
{
	enum err e;

	*out = (struct record){ .revision = 0 };
	e = change_read(c->reader, &c->tenant, &c->arena, out);
	if (e == ERR_OK || e == ERR_NOT_FOUND)
		return ERR_OK;
	(void)cmd_fail(c, e, cmd_place(c));
	return e;
}

/* --- the output --------------------------------------------------------- */

/* Makes the request and writes it to the open output. */
static enum err
write_request(struct cmd_call *c, const struct csr_order *order, FILE *out)
{
	struct str text, what = { NULL, 0 };
	bool is_signed = false;
	enum err e = csr_make(order, &text, &what);

	if (e == ERR_OK) {
		is_signed = csr_is_signed(text);
		e = csr_file(text, &c->arena, &text);
	}
	if (e == ERR_CONFIG)
		(void)refuse_request(c, what);
	else if (e != ERR_OK && e != ERR_STOP)
		(void)cmd_fail(c, e, "");
	else if (e == ERR_OK)
		fprintf(out, "%.*s%s", STR_ARG(text), is_signed ? "\n" : "");
	return e;
}

/* Reads the request of --csr. Prints the reason of a failure. */
static enum err
read_given(struct cmd_call *c, struct x509_csr *given)
{
	const char *path = c->value[OPTION_CSR];
	struct str text, what = { NULL, 0 };
	enum err e = cmd_read_source(c, path, X509_CSR_TEXT_MAX, &text);

	if (e == ERR_TOO_LARGE) {
		cmd_error(c, "%s: the file is larger than 64 KiB", path);
		return e;
	}
	if (e != ERR_OK)
		return e;
	e = x509_csr_read(text, &c->arena, given, &what);
	if (e == ERR_CONFIG)
		(void)cmd_fail_with(c, path, what);
	else if (e != ERR_OK)
		(void)cmd_fail(c, e, path);
	return e;
}

/* The file is opened first: a request that cannot be written would replace the
 * pending one. */
static enum err
make_request(
    struct cmd_call *c, const struct secrets *s, const struct caller *by)
{
	struct csr_order order = { .store = c->store,
		.config = &c->config,
		.secrets = s,
		.by = by,
		.arena = &c->arena };
	struct x509_csr given;
	struct cmd_output o;
	enum err e;

	if (c->value[OPTION_CSR] != NULL) {
		if ((e = read_given(c, &given)) != ERR_OK)
			return e;
		order.given = &given;
	}
	if (c->config.vendor_command[0] != '\0') {
		order.sign = vendor_command_sign;
		order.arg = c;
	}
	e = cmd_output_open(c, c->value[OPTION_OUTPUT], PUBLIC_MODE, &o);
	if (e != ERR_OK)
		return e;
	return cmd_output_close(&o, write_request(c, &order, o.f));
}

static void
warn_of_keys(const struct cmd_call *c, bool pending)
{
	if (pending)
		cmd_warn(c,
		    "this request replaces a request without a certificate; the "
		    "store keeps its key until %zu others have come",
		    c->config.history_certificates);
	if (c->value[OPTION_CSR] != NULL)
		cmd_note(c,
		    "the private key stays where this request was made; "
		    "'pushcert export' will not have it");
}

int
cmd_request(struct cmd_call *c)
{
	const char *wrong = misused_vendor(c);
	struct record record;
	struct secrets s;
	struct caller by;
	bool pending, is_signed;
	enum err e;

	if (wrong != NULL)
		return cmd_usage(c, "%s", wrong);
	if (cmd_begin_reading(c) != ERR_OK)
		return EXIT_FAILURE;
	take_vendor(c);
	if (cmd_need_tenant(c) != ERR_OK || cmd_need_arena(c) != ERR_OK ||
	    cmd_caller(c, &by) != ERR_OK || read_record(c, &record) != ERR_OK ||
	    cmd_load_secrets(c, &s) != ERR_OK)
		return EXIT_FAILURE;
	s.vendor_as_it_is = (c->given & CMD_BIT(OPTION_FORCE)) != 0;
	warn_of_vendor(c, &s);
	pending = is_pending(c);
	is_signed = s.is_vendor || c->config.vendor_command[0] != '\0';
	store_end(c->reader);
	e = make_request(c, &s, &by);
	secret_wipe(&s);
	if (e != ERR_OK)
		return EXIT_FAILURE;
	warn_of_keys(c, pending);
	guide(c, &record, is_signed);
	return EXIT_SUCCESS;
}
