/* SPDX-License-Identifier: ISC */
/*
 * words.h - all texts of the pages, in one table with a column for each
 * language.
 *
 * Each row becomes a constant of the enum and a row of the table, so neither
 * can lack the other, and a row without a language does not compile. The
 * columns are the name, English and German. {} stands for a value.
 */
#ifndef PUSHCERT_WORDS_H
#define PUSHCERT_WORDS_H

#include "format/language.h"
#include "page/words_reasons.h"
#include "page/words_renewal.h"

/* clang-format off */
#define WORDS_LIST(ROW)                                                       \
	/* The frame. */                                                      \
	ROW(WORD_PRODUCT, "Push certificate", "Push-Zertifikat")              \
	ROW(WORD_PAGES, "Pages", "Seiten")                                    \
	ROW(WORD_SKIP, "Skip to the content", "Zum Inhalt")                   \
	ROW(WORD_STATUS, "Status", "Status")                                  \
	ROW(WORD_RENEW, "Renew", "Erneuern")                                  \
	ROW(WORD_HISTORY, "History", "Verlauf")                               \
	ROW(WORD_TENANTS, "Tenants", "Mandanten")                             \
	ROW(WORD_TENANT, "Tenant", "Mandant")                                 \
	ROW(WORD_SIGN_IN, "Sign in", "Anmelden")                              \
	ROW(WORD_SIGN_OUT, "Sign out", "Abmelden")                            \
	ROW(WORD_REQUEST, "request", "Anfrage")                               \
	ROW(WORD_COPY, "Copy", "Kopieren")                                    \
	ROW(WORD_COPIED, "Copied", "Kopiert")                                 \
	ROW(WORD_HERE, "here", "hier")                                        \
	ROW(WORD_KEY_STOPPED,                                                 \
	    "This has a private key, so the browser did not send it. Choose " \
	    "the certificate that you downloaded from Apple.",                \
	    "Das enthält einen privaten Schlüssel, deshalb hat der Browser "  \
	    "es nicht gesendet. Wählen Sie das Zertifikat, das Sie von "      \
	    "Apple heruntergeladen haben.")                                   \
	ROW(WORD_ONE_FILE, "Drop one file.",                                  \
	    "Ziehen Sie eine einzelne Datei hierher.")                        \
	ROW(WORD_EXACT, "The exact words", "Der genaue Wortlaut")             \
	ROW(WORD_MOMENT, "{} UTC", "{} UTC")                                  \
	/* Sign-in. */                                                        \
	ROW(WORD_TOKEN, "Access token", "Zugangstoken")                       \
	ROW(WORD_TOKEN_HINT,                                                  \
	    "Your operator makes one with “pushcert token create”. The "      \
	    "browser does not keep it.",                                      \
	    "Ihr Betreiber erstellt es mit „pushcert token create“. Der "     \
	    "Browser behält es nicht.")                                       \
	ROW(WORD_TOKEN_EMPTY, "Paste your access token.",                     \
	    "Fügen Sie Ihr Zugangstoken ein.")                                \
	ROW(WORD_TOKEN_WRONG,                                                 \
	    "This token is not valid here. Check that it was pasted whole, "  \
	    "or ask your operator for a new one.",                            \
	    "Dieses Token gilt hier nicht. Prüfen Sie, ob es vollständig "    \
	    "eingefügt ist, oder bitten Sie Ihren Betreiber um ein neues.")   \
	ROW(WORD_TOKEN_EXPIRED,                                               \
	    "This token has expired. Ask your operator for a new one.",       \
	    "Dieses Token ist abgelaufen. Bitten Sie Ihren Betreiber um ein " \
	    "neues.")                                                         \
	ROW(WORD_TOKEN_OFF,                                                   \
	    "Sign-in with a token is off, because this service has no key "   \
	    "file. Its operator can set key_file, or let the web server sign "\
	    "people in.",                                                     \
	    "Die Anmeldung mit einem Token ist ausgeschaltet, denn dieser "   \
	    "Dienst hat keine Schlüsseldatei. Sein Betreiber kann key_file "  \
	    "setzen oder den Webserver die Anmeldung übernehmen lassen.")     \
	ROW(WORD_SSO, "Sign in with your organization’s account",             \
	    "Mit dem Konto Ihrer Organisation anmelden")                      \
	ROW(WORD_OR, "or", "oder")                                            \
	ROW(WORD_SSO_LACKS,                                                   \
	    "Sign-in with your organization’s account is off: this service "  \
	    "lacks {}. Its operator can add it.",                             \
	    "Die Anmeldung mit dem Konto Ihrer Organisation ist "             \
	    "ausgeschaltet: Diesem Dienst fehlt {}. Sein Betreiber kann es "  \
	    "ergänzen.")                                                      \
	ROW(WORD_SSO_STATE,                                                   \
	    "This browser did not begin this sign-in, or it took longer "     \
	    "than ten minutes. Sign in again.",                               \
	    "Dieser Browser hat die Anmeldung nicht begonnen, oder sie "      \
	    "dauerte länger als zehn Minuten. Melden Sie sich neu an.")       \
	ROW(WORD_SSO_REFUSED,                                                 \
	    "Your organization did not sign you in. Sign in again, or ask "   \
	    "its administrator.",                                             \
	    "Ihre Organisation hat Sie nicht angemeldet. Melden Sie sich neu "\
	    "an, oder fragen Sie deren Administrator.")                       \
	ROW(WORD_SSO_ROLE,                                                    \
	    "Your account has no role for this service. The administrator "   \
	    "of your organization can assign one.",                           \
	    "Ihr Konto hat keine Rolle für diesen Dienst. Der Administrator " \
	    "Ihrer Organisation kann eine zuweisen.")                         \
	ROW(WORD_SSO_TENANT,                                                  \
	    "This service does not serve your organization. Its operator "    \
	    "can add it.",                                                    \
	    "Dieser Dienst bedient Ihre Organisation nicht. Sein Betreiber "  \
	    "kann sie hinzufügen.")                                           \
	ROW(WORD_SSO_WRONG,                                                   \
	    "The answer of your organization is not valid here. Sign in "     \
	    "again, or ask the operator of this service.",                    \
	    "Die Antwort Ihrer Organisation gilt hier nicht. Melden Sie sich "\
	    "neu an, oder fragen Sie den Betreiber dieses Dienstes.")         \
	/* The status. */                                                     \
	ROW(WORD_NONE, "No certificate", "Kein Zertifikat")                   \
	ROW(WORD_NONE_CURE,                                                   \
	    "There is no push certificate yet. Without one, devices cannot "  \
	    "be managed.",                                                    \
	    "Es gibt noch kein Push-Zertifikat. Ohne eines lassen sich keine "\
	    "Geräte verwalten.")                                              \
	ROW(WORD_SET_UP, "Set up", "Einrichten")                              \
	ROW(WORD_VALID, "Valid", "Gültig")                                    \
	ROW(WORD_VALID_CURE,                                                  \
	    "Nothing to do yet. Renew it in its last 30 days.",               \
	    "Noch ist nichts zu tun. Erneuern Sie es in seinen letzten 30 "   \
	    "Tagen.")                                                         \
	ROW(WORD_EXPIRING, "Expires soon", "Läuft bald ab")                   \
	ROW(WORD_EXPIRING_CURE,                                               \
	    "Renew it now, with the same Apple ID. If it expires, no device " \
	    "can be managed until it is renewed.",                            \
	    "Erneuern Sie es jetzt, mit derselben Apple-ID. Läuft es "        \
	    "ab, lässt sich kein Gerät mehr verwalten, bis es erneuert ist.") \
	ROW(WORD_EXPIRED, "Expired", "Abgelaufen")                            \
	ROW(WORD_EXPIRED_CURE,                                                \
	    "Devices receive no commands now. Renew it at once, with the "    \
	    "same Apple ID: then no device has to enrol again.",              \
	    "Geräte erhalten jetzt keine Befehle. Erneuern Sie es sofort, "   \
	    "mit derselben Apple-ID: Dann muss sich kein Gerät neu "          \
	    "registrieren.")                                                  \
	ROW(WORD_EARLY, "Not yet valid", "Noch nicht gültig")                 \
	ROW(WORD_EARLY_CURE,                                                  \
	    "Check the clock of this server: a new certificate is valid at "  \
	    "once.",                                                          \
	    "Prüfen Sie die Uhr dieses Servers: Ein neues Zertifikat gilt "   \
	    "sofort.")                                                        \
	ROW(WORD_DAYS_LEFT, "{} days left", "noch {} Tage")                   \
	ROW(WORD_DAY_LEFT, "1 day left", "noch 1 Tag")                        \
	ROW(WORD_LAST_DAY, "less than a day left", "noch weniger als ein Tag")\
	ROW(WORD_DAYS_AGO, "ended {} days ago", "seit {} Tagen")              \
	ROW(WORD_DAY_AGO, "ended 1 day ago", "seit 1 Tag")                    \
	ROW(WORD_JUST_NOW, "ended less than a day ago",                       \
	    "seit weniger als einem Tag")                                     \
	ROW(WORD_WAITING,                                                     \
	    "A request is waiting for its certificate from Apple. It was "    \
	    "made on {}.",                                                    \
	    "Eine Anforderung wartet auf ihr Zertifikat von Apple. Sie "      \
	    "stammt vom {}.")                                                 \
	ROW(WORD_GO_ON, "Go on", "Weiter")                                    \
	ROW(WORD_DONE_STORED,                                                 \
	    "The certificate is stored. The former state is in the history.", \
	    "Das Zertifikat ist gespeichert. Der frühere Stand ist im "       \
	    "Verlauf.")                                                       \
	ROW(WORD_DONE_RESTORED,                                               \
	    "The former state is stored again.",                              \
	    "Der frühere Stand ist wieder gespeichert.")                      \
	ROW(WORD_DONE_APPLE_ID, "The Apple ID is stored.",                    \
	    "Die Apple-ID ist gespeichert.")                                  \
	ROW(WORD_FROM, "from {}", "ab {}")                                    \
	ROW(WORD_TODAY, "today {}", "heute {}")                               \
	ROW(WORD_RENEW_FROM, "renew from {}", "erneuern ab {}")               \
	ROW(WORD_ENDS_ON, "ends {}", "endet {}")                              \
	ROW(WORD_ENDED_ON, "ended {}", "endete {}")                           \
	ROW(WORD_APPLE_ID, "Apple ID", "Apple-ID")                            \
	ROW(WORD_TOPIC, "Topic", "Topic")                                     \
	ROW(WORD_SERIAL, "Serial number", "Seriennummer")                     \
	ROW(WORD_VALID_FROM, "Valid from", "Gültig ab")                       \
	ROW(WORD_ENDS, "Ends", "Endet")                                       \
	ROW(WORD_LAST_CHANGE, "Last change", "Letzte Änderung")               \
	ROW(WORD_NOT_SET, "not set", "nicht gesetzt")                         \
	ROW(WORD_DOWNLOAD, "Download certificate",                            \
	    "Zertifikat herunterladen")                                       \
	ROW(WORD_CALENDAR, "Calendar entry", "Kalendereintrag")               \
	ROW(WORD_CHANGE_APPLE_ID, "Change the Apple ID",                      \
	    "Apple-ID ändern")                                                \
	ROW(WORD_APPLE_ID_HINT,                                               \
	    "This only notes which Apple ID renews the certificate. It "      \
	    "changes nothing at Apple.",                                      \
	    "Das vermerkt nur, welche Apple-ID das Zertifikat erneuert. Bei " \
	    "Apple ändert es nichts.")                                        \
	ROW(WORD_STORE, "Store", "Speichern")                                 \
	/* The tenants. */                                                    \
	ROW(WORD_FIND, "Find", "Suchen")                                      \
	ROW(WORD_FIND_HINT, "Name, GUID, Apple ID, topic or serial number",   \
	    "Name, GUID, Apple-ID, Topic oder Seriennummer")                  \
	ROW(WORD_ALL, "all", "alle")                                          \
	ROW(WORD_SHOW, "Show", "Anzeigen")                                    \
	ROW(WORD_DAYS, "Days left", "Tage übrig")                             \
	ROW(WORD_EARLIEST, "Earliest expiry first",                           \
	    "Frühester Ablauf zuerst")                                        \
	ROW(WORD_NO_TENANT, "No tenant was found.",                           \
	    "Es wurde kein Mandant gefunden.")                                \
	ROW(WORD_SEARCHED,                                                    \
	    "{} tenants were searched. There are more.",                      \
	    "{} Mandanten wurden durchsucht. Es gibt weitere.")               \
	ROW(WORD_FIRST, "First page", "Erste Seite")                          \
	ROW(WORD_NEXT, "Next page", "Nächste Seite")                          \
	/* The months, in their order. */                                     \
	ROW(WORD_JANUARY, "{} Jan", "{}. Jan.")                               \
	ROW(WORD_FEBRUARY, "{} Feb", "{}. Feb.")                              \
	ROW(WORD_MARCH, "{} Mar", "{}. März")                                 \
	ROW(WORD_APRIL, "{} Apr", "{}. Apr.")                                 \
	ROW(WORD_MAY, "{} May", "{}. Mai")                                    \
	ROW(WORD_JUNE, "{} Jun", "{}. Juni")                                  \
	ROW(WORD_JULY, "{} Jul", "{}. Juli")                                  \
	ROW(WORD_AUGUST, "{} Aug", "{}. Aug.")                                \
	ROW(WORD_SEPTEMBER, "{} Sep", "{}. Sept.")                            \
	ROW(WORD_OCTOBER, "{} Oct", "{}. Okt.")                               \
	ROW(WORD_NOVEMBER, "{} Nov", "{}. Nov.")                              \
	ROW(WORD_DECEMBER, "{} Dec", "{}. Dez.")                              \
	/* Refusals. */                                                       \
	ROW(WORD_BACK, "Go to the first page", "Zur ersten Seite")            \
	ROW(WORD_BAD, "The request was not understood",                       \
	    "Die Anfrage wurde nicht verstanden")                             \
	ROW(WORD_BAD_CURE,                                                    \
	    "Go back, check the form and send it again.",                     \
	    "Gehen Sie zurück, prüfen Sie das Formular und senden Sie es "    \
	    "noch einmal.")                                                   \
	ROW(WORD_NOT_SIGNED_IN, "You are not signed in",                      \
	    "Sie sind nicht angemeldet")                                      \
	ROW(WORD_NOT_SIGNED_IN_CURE,                                          \
	    "The web server sent a token that is not valid here. Sign in "    \
	    "again, or ask your operator.",                                   \
	    "Der Webserver hat ein Token gesendet, das hier nicht gilt. "     \
	    "Melden Sie sich neu an, oder fragen Sie Ihren Betreiber.")       \
	ROW(WORD_FORBIDDEN, "This is not allowed", "Das ist nicht erlaubt")   \
	ROW(WORD_FORBIDDEN_CURE,                                              \
	    "Nothing was changed. Your operator can give your token the "     \
	    "right to do this.",                                              \
	    "Es wurde nichts geändert. Ihr Betreiber kann Ihrem Token das "   \
	    "Recht dazu geben.")                                              \
	ROW(WORD_FOREIGN, "This came from another site",                      \
	    "Das kam von einer fremden Seite")                                \
	ROW(WORD_FOREIGN_CURE,                                                \
	    "Nothing was changed. If you did send the form here, open this "  \
	    "page again and repeat it; if it still fails, your operator "     \
	    "should set base_url.",                                           \
	    "Es wurde nichts geändert. Haben Sie das Formular hier "          \
	    "gesendet, so öffnen Sie diese Seite neu und wiederholen Sie "    \
	    "es; hilft das nicht, sollte Ihr Betreiber base_url setzen.")     \
	ROW(WORD_NO_ACCESS, "You have no access to this tenant",              \
	    "Sie haben keinen Zugang zu diesem Mandanten")                    \
	ROW(WORD_NO_ACCESS_CURE,                                              \
	    "The link is for another tenant than yours, or this service "     \
	    "does not have the tenant. Open the first page, or ask your "     \
	    "operator.",                                                      \
	    "Der Link ist für einen anderen Mandanten als Ihren, oder "       \
	    "dieser Dienst hat den Mandanten nicht. Öffnen Sie die erste "    \
	    "Seite, oder fragen Sie Ihren Betreiber.")                        \
	ROW(WORD_ABSENT, "This page does not exist",                          \
	    "Diese Seite gibt es nicht")                                      \
	ROW(WORD_ABSENT_CURE, "Check the address.",                           \
	    "Prüfen Sie die Adresse.")                                        \
	ROW(WORD_METHOD,                                                      \
	    "This address takes no such request",                             \
	    "Diese Adresse nimmt solche Anfragen nicht an")                   \
	ROW(WORD_METHOD_CURE,                                                 \
	    "Open the first page and use its links and buttons.",             \
	    "Öffnen Sie die erste Seite und benutzen Sie deren Links und "    \
	    "Knöpfe.")                                                        \
	ROW(WORD_CHANGED, "The record was changed meanwhile",                 \
	    "Der Eintrag wurde inzwischen geändert")                          \
	ROW(WORD_CHANGED_CURE,                                                \
	    "Nothing was stored. Look at the status and begin again.",        \
	    "Es wurde nichts gespeichert. Sehen Sie sich den Status an und "  \
	    "beginnen Sie von vorn.")                                         \
	ROW(WORD_LARGE, "This is too large", "Das ist zu groß")               \
	ROW(WORD_LARGE_CURE,                                                  \
	    "A push certificate is a small file, usually of 2 KB. Check "     \
	    "which file you chose.",                                          \
	    "Ein Push-Zertifikat ist eine kleine Datei, meist etwa 2 KB "     \
	    "groß. Prüfen Sie, welche Datei Sie gewählt haben.")              \
	ROW(WORD_RATE, "Too many attempts", "Zu viele Versuche")              \
	ROW(WORD_RATE_CURE,                                                   \
	    "Wait a minute, and try again.",                                  \
	    "Warten Sie eine Minute, und versuchen Sie es dann noch einmal.") \
	ROW(WORD_RATE_MINUTES,                                                \
	    "Wait {} minutes, and try again.",                                \
	    "Warten Sie {} Minuten, und versuchen Sie es dann noch "          \
	    "einmal.")                                                        \
	ROW(WORD_BUSY, "The service cannot answer now",                       \
	    "Der Dienst kann gerade nicht antworten")                         \
	ROW(WORD_BUSY_CURE,                                                   \
	    "Try again in a minute. If that does not help, tell your "        \
	    "operator the request number below.",                             \
	    "Versuchen Sie es in einer Minute noch einmal. Hilft das nicht, " \
	    "so nennen Sie Ihrem Betreiber die Anfragenummer unten.")         \
	ROW(WORD_BROKEN, "The service has a fault",                           \
	    "Der Dienst hat einen Fehler")                                    \
	ROW(WORD_BROKEN_CURE,                                                 \
	    "Tell your operator the request number below.",                   \
	    "Nennen Sie Ihrem Betreiber die Anfragenummer unten.")            \
	WORDS_REASONS(ROW)                                                    \
	WORDS_RENEWAL(ROW)
/* clang-format on */

#define WORDS_NAME(name, en, de) name,
enum word { WORDS_LIST(WORDS_NAME) WORDS };
#undef WORDS_NAME

/* The text in this language. */
const char *words_text(enum word word, enum language language);

#endif
