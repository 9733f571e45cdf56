/* SPDX-License-Identifier: ISC */
/*
 * config.h - the configuration file (INI without sections) as a struct that
 * never changes once it is loaded.
 */
#ifndef PUSHCERT_CONFIG_H
#define PUSHCERT_CONFIG_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/log.h"

/* Limit of a value and of a message of config_load, with the NUL. */
#define CONFIG_TEXT_MAX 1024

enum config_policy { CONFIG_INSPECT, CONFIG_ENFORCE };
enum config_topic { CONFIG_TOPIC_REFUSE, CONFIG_TOPIC_ALLOW };
enum config_tenants { CONFIG_TENANTS_LISTED, CONFIG_TENANTS_ANY };

/* Each member has the name of its key, which pushcert.conf.5 describes. */
struct config {
	char data[CONFIG_TEXT_MAX];
	char socket[CONFIG_TEXT_MAX];
	char base_url[CONFIG_TEXT_MAX];
	char mount[CONFIG_TEXT_MAX];
	char cors_origins[CONFIG_TEXT_MAX];
	char authorization_uri[CONFIG_TEXT_MAX];
	char client_id[CONFIG_TEXT_MAX];
	char key_file[CONFIG_TEXT_MAX];
	char vendor_certificate[CONFIG_TEXT_MAX]; /* a list */
	char vendor_key[CONFIG_TEXT_MAX];
	char vendor_command[CONFIG_TEXT_MAX];
	char jwks_file[CONFIG_TEXT_MAX];
	char jwt_issuer[CONFIG_TEXT_MAX]; /* commas separate the items */
	char jwt_audience[CONFIG_TEXT_MAX];
	char trusted_proxies[CONFIG_TEXT_MAX];
	char sso_uri[CONFIG_TEXT_MAX];
	char sso_tenant[CONFIG_TEXT_MAX];
	char operator[CONFIG_TEXT_MAX]; /* a list */
	char csr_country[CONFIG_TEXT_MAX];
	char csr_organization[CONFIG_TEXT_MAX];
	char csr_common_name[CONFIG_TEXT_MAX];
	char csr_email[CONFIG_TEXT_MAX];
	char apns_url[CONFIG_TEXT_MAX];
	char deploy_directory[CONFIG_TEXT_MAX];
	char database[CONFIG_TEXT_MAX];
	char database_password_file[CONFIG_TEXT_MAX];
	char database_schema[CONFIG_TEXT_MAX];
	size_t max_body;
	size_t max_batch;
	size_t map_size;
	size_t database_lanes;
	size_t workers;
	size_t worker_timeout; /* seconds */
	size_t queue_timeout;
	size_t queue_writers;
	size_t history_keep;
	size_t history_certificates;
	size_t vendor_timeout; /* seconds */
	size_t deploy_timeout;
	size_t notify_timeout; /* seconds */
	size_t deploy_retry_most;
	size_t failed_logins;
	size_t failed_logins_period;
	size_t session_hours;
	bool pages;
	bool data_in_document_root;
	bool return_certificate;
	bool sandbox;
	bool read_only;
	int certificate_policy; /* enum config_policy */
	int topic_change; /* enum config_topic */
	int tenants; /* enum config_tenants */
	bool syslog;
	int log_level; /* enum log_level */
};

/* Sets every member to its default. */
void config_default(struct config *c);

/* Reads a file over the defaults. Returns ERR_FILE or ERR_CONFIG with a whole
 * sentence in message: the file, the line, the mistake. */
enum err config_load(const char *path, struct config *c,
    char message[CONFIG_TEXT_MAX]) ATTR_CHECKED;

/*
 * Returns the path of the file to read: `given` if it is not NULL, else
 * $PUSHCERT_CONFIG, else pushcert.conf beside the program, else pushcert.conf
 * in sysconfdir. The last two count only if they exist; otherwise returns NULL.
 * The result may point into path.
 */
const char *config_find(const char *given, char path[PATH_MAX]);

/* The value of a word of the connection string, as libpq reads it; false if it
 * has none. The word "port" has the ports of a URI's hosts, with commas. */
bool config_database_word(
    const struct config *c, const char *word, char out[CONFIG_TEXT_MAX]);
/* The ports of the connection string, or the port of PostgreSQL. Returns how
 * many there are, at most CONFIG_PORTS_MAX. */
#define CONFIG_PORTS_MAX 16
size_t
config_database_ports(const struct config *c, uint16_t out[CONFIG_PORTS_MAX]);

/* Writes every key and its value as a file that config_load can read. */
void config_print(const struct config *c, FILE *out);

#endif
