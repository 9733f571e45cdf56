/* SPDX-License-Identifier: ISC */
/*
 * doctor_checks.h - the checks of doctor that have a file of their own. Each
 * check prints its findings with doctor_finding, and nothing if all is well.
 * Only doctor's files include this header.
 */
#ifndef PUSHCERT_DOCTOR_CHECKS_H
#define PUSHCERT_DOCTOR_CHECKS_H

struct doctor;

/* Checks whether other users may write to the configuration, the key set or the
 * programs in deploy_directory. */
void doctor_check_trust(struct doctor *d);
/* Checks whether the vendor's files or vendor_command can sign a request. */
void doctor_check_vendor(struct doctor *d);
/* Checks the keys in jwks_file. */
void doctor_check_keys(struct doctor *d);
/* Checks what the sign-in to the pages needs. */
void doctor_check_sign_in(struct doctor *d);
/* Reports what the store says about the database and its server. Clears
 * owns_data if the database cannot be used. */
void doctor_check_database(struct doctor *d);
/* Reads the whole store in a child process. Clears owns_data if the store
 * cannot be read, so that later checks do not open it. */
void doctor_check_store(struct doctor *d);
/* Checks whether a change gets the write lock in time. Changes nothing. */
void doctor_check_lock(struct doctor *d);
/* Checks whether the web servers of this machine may connect to the FastCGI
 * socket, and no other user: the socket of --socket, of the key socket,
 * or of pushcert.socket. */
void doctor_check_socket(struct doctor *d);
/* Sends requests to --url with the token of --token-file; without --url it
 * does nothing. */
void doctor_check_url(struct doctor *d);

#endif
