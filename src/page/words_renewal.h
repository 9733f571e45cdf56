/* SPDX-License-Identifier: ISC */
/*
 * words_renewal.h - the rows of words.h for the pages with which people renew,
 * check, store and restore a certificate.
 */
#ifndef PUSHCERT_WORDS_RENEWAL_H
#define PUSHCERT_WORDS_RENEWAL_H

/* clang-format off */
#define WORDS_RENEWAL(ROW)                                                    \
	/* The three steps. */                                                \
	ROW(WORD_STEP_REQUEST, "1. Get a request",                            \
	    "1. Anforderung holen")                                           \
	ROW(WORD_REQUEST_NONE,                                                \
	    "No request is waiting. Make one; its private key stays in this " \
	    "service.",                                                       \
	    "Es wartet keine Anforderung. Erstellen Sie eine; ihr privater "  \
	    "Schlüssel bleibt in diesem Dienst.")                             \
	ROW(WORD_REQUEST_WAITS,                                               \
	    "A request is waiting for its certificate, made on {}.",          \
	    "Eine Anforderung wartet auf ihr Zertifikat, erstellt am {}.")    \
	ROW(WORD_REQUEST_MADE, "The request is ready. Download it now.",      \
	    "Die Anforderung ist fertig. Laden Sie sie jetzt herunter.")      \
	ROW(WORD_REQUEST_GET, "Download the request",                         \
	    "Anforderung herunterladen")                                      \
	ROW(WORD_REQUEST_MAKE, "Make a request", "Anforderung erstellen")     \
	ROW(WORD_REQUEST_AGAIN, "Make a new one instead",                     \
	    "Stattdessen eine neue erstellen")                                \
	ROW(WORD_REQUEST_PLAIN,                                               \
	    "This is a plain request: your MDM vendor must sign it before "   \
	    "Apple takes it.",                                                \
	    "Das ist eine einfache Anforderung: Ihr MDM-Hersteller muss sie " \
	    "signieren, bevor Apple sie annimmt.")                            \
	ROW(WORD_REQUEST_SIGNED,                                              \
	    "It is signed already, so Apple’s portal takes the file as it "   \
	    "is.",                                                            \
	    "Sie ist schon signiert; Apples Portal nimmt die Datei so an, "   \
	    "wie sie ist.")                                                   \
	ROW(WORD_REQUEST_OFF,                                                 \
	    "This service cannot make requests, because it has no key file. " \
	    "Use the request of your MDM, or ask your operator to set "       \
	    "key_file.",                                                      \
	    "Dieser Dienst kann keine Anforderungen erstellen, denn er hat "  \
	    "keine Schlüsseldatei. Verwenden Sie die Anforderung Ihres MDM, " \
	    "oder bitten Sie Ihren Betreiber, key_file zu setzen.")           \
	ROW(WORD_STEP_APPLE, "2. Take it to Apple",                           \
	    "2. Zu Apple bringen")                                            \
	ROW(WORD_PORTAL_OPEN, "Open", "Öffnen Sie")                           \
	ROW(WORD_PORTAL_NEW_TAB, "identity.apple.com/pushcert (new tab)",     \
	    "identity.apple.com/pushcert (neuer Tab)")                        \
	ROW(WORD_PORTAL_AS, "and sign in as",                                 \
	    "und melden Sie sich an als")                                     \
	ROW(WORD_PORTAL_ANY,                                                  \
	    "and sign in with an Apple ID of your organization, not with "    \
	    "your own.",                                                      \
	    "und melden Sie sich mit einer Apple-ID Ihrer Organisation an, "  \
	    "nicht mit Ihrer eigenen.")                                       \
	ROW(WORD_PORTAL_FIND, "Find the row whose Subject ID (button “i”) is",\
	    "Suchen Sie die Zeile mit der Subject ID (Knopf „i“)")            \
	ROW(WORD_PORTAL_RENEW,                                                \
	    "Choose “Renew” in that row. Never “Create” and never “Revoke”: " \
	    "both cut off your devices.",                                     \
	    "Wählen Sie „Renew“ in dieser Zeile. Nie „Create“ und nie "       \
	    "„Revoke“: Beides schneidet Ihre Geräte ab.")                     \
	ROW(WORD_PORTAL_CREATE,                                               \
	    "Choose “Create a Certificate”. From the second year on it is "   \
	    "“Renew”.",                                                       \
	    "Wählen Sie „Create a Certificate“. Vom zweiten Jahr an ist es "  \
	    "„Renew“.")                                                       \
	ROW(WORD_PORTAL_UPLOAD,                                               \
	    "Upload the request there, and download the certificate, a .pem " \
	    "file.",                                                          \
	    "Laden Sie dort die Anforderung hoch, und laden Sie das "         \
	    "Zertifikat herunter, eine .pem-Datei.")                          \
	ROW(WORD_STEP_BACK, "3. Bring the certificate back",                  \
	    "3. Zertifikat zurückbringen")                                    \
	ROW(WORD_FILE, "Certificate file", "Zertifikatsdatei")                \
	ROW(WORD_FILE_HINT,                                                   \
	    "The .pem file from Apple; .cer and .crt are fine too. Choose it "\
	    "or drop it here.",                                               \
	    "Die .pem-Datei von Apple; auch .cer und .crt gehen. Wählen Sie " \
	    "sie, oder legen Sie sie hier ab.")                               \
	ROW(WORD_PASTE, "or its text", "oder ihr Text")                       \
	ROW(WORD_OWNER_HINT,                                                  \
	    "The account that owns the certificate, as a reminder for next "  \
	    "year.",                                                          \
	    "Das Konto, dem das Zertifikat gehört, zur Erinnerung fürs "      \
	    "nächste Jahr.")                                                  \
	ROW(WORD_CHECK, "Check", "Prüfen")                                    \
	ROW(WORD_NOTHING_YET, "Nothing is stored yet.",                       \
	    "Es wird noch nichts gespeichert.")                               \
	ROW(WORD_READ_ONLY,                                                   \
	    "Your token may only read, so you cannot change anything here.",  \
	    "Ihr Token darf nur lesen; Sie können hier nichts ändern.")       \
	/* The check. */                                                      \
	ROW(WORD_CHECKED, "Check", "Prüfung")                                 \
	ROW(WORD_EMPTY, "Nothing was sent", "Es kam nichts an")               \
	ROW(WORD_EMPTY_CURE,                                                  \
	    "Choose the certificate file, or paste its text.",                \
	    "Wählen Sie die Zertifikatsdatei, oder fügen Sie ihren Text ein.")\
	ROW(WORD_OK, "This certificate can be stored",                        \
	    "Dieses Zertifikat kann gespeichert werden")                      \
	ROW(WORD_OK_STILL, "It can be stored nevertheless",                   \
	    "Es kann trotzdem gespeichert werden")                            \
	ROW(WORD_OK_SAME,                                                     \
	    "The topic stays the same, so no action is needed on any device.",\
	    "Das Topic bleibt gleich; auf den Geräten ist nichts zu tun.")    \
	ROW(WORD_OK_FIRST,                                                    \
	    "No certificate was stored before, so there is no topic to keep.",\
	    "Es war noch kein Zertifikat gespeichert; es gibt also kein "     \
	    "Topic, das gleich bleiben muss.")                                \
	ROW(WORD_OK_CHANGES,                                                  \
	    "The topic changes, and this service is set to allow that.",      \
	    "Das Topic ändert sich, und dieser Dienst ist so eingestellt, "   \
	    "dass er das erlaubt.")                                           \
	ROW(WORD_SAME, "This certificate is stored already",                  \
	    "Dieses Zertifikat ist schon gespeichert")                        \
	ROW(WORD_SAME_CURE,                                                   \
	    "Usually this is last year’s file. If you have just renewed, "    \
	    "choose the file that you downloaded last.",                      \
	    "Meist ist das die Datei vom letzten Jahr. Haben Sie gerade "     \
	    "erneuert, so wählen Sie die Datei, die Sie zuletzt "             \
	    "heruntergeladen haben.")                                         \
	ROW(WORD_OWNER, "Another Apple ID than before",                       \
	    "Eine andere Apple-ID als bisher")                                \
	ROW(WORD_OWNER_CAUSE,                                                 \
	    "Only the Apple ID that owns a certificate can renew it next "    \
	    "year.",                                                          \
	    "Nur die Apple-ID, der ein Zertifikat gehört, kann es "           \
	    "nächstes Jahr erneuern.")                                        \
	ROW(WORD_OWNER_CURE,                                                  \
	    "Check that it is the one with which you signed in at Apple’s "   \
	    "portal.",                                                        \
	    "Prüfen Sie, ob es die ist, mit der Sie in Apples Portal "        \
	    "angemeldet waren.")                                              \
	ROW(WORD_WOULD_CHANGE, "Now, and after it is stored",                 \
	    "Jetzt und nach dem Speichern")                                   \
	ROW(WORD_PROPERTY, "Property", "Eigenschaft")                         \
	ROW(WORD_NOW, "Now", "Jetzt")                                         \
	ROW(WORD_THEN, "Then", "Dann")                                        \
	ROW(WORD_DIFFERENCE, "Difference", "Unterschied")                     \
	ROW(WORD_STAYS, "stays", "bleibt")                                    \
	ROW(WORD_CHANGES, "changes", "ändert sich")                           \
	ROW(WORD_RENEW_RIGHT, "Go back and renew the right one",              \
	    "Zurück, um das richtige zu erneuern")                            \
	ROW(WORD_ANYWAY, "Store it anyway", "Trotzdem speichern")             \
	ROW(WORD_TYPE_TOPIC,                                                  \
	    "Type the new topic to confirm that every device must enrol "     \
	    "again",                                                          \
	    "Geben Sie das neue Topic ein, um zu bestätigen, dass sich jedes "\
	    "Gerät neu registrieren muss")                                    \
	ROW(WORD_TYPED_WRONG,                                                 \
	    "The topic that you typed is not the one of this certificate. "   \
	    "Nothing was changed.",                                           \
	    "Das eingegebene Topic ist nicht das dieses Zertifikats. Es "     \
	    "wurde nichts geändert.")                                         \
	ROW(WORD_CUT_OFF, "Store and cut off all devices",                    \
	    "Speichern und alle Geräte abschneiden")                          \
	ROW(WORD_ANOTHER_FILE, "Try another file", "Eine andere Datei prüfen")\
	ROW(WORD_GO_BACK, "Back", "Zurück")                                   \
	/* Refusals of these pages. */                                        \
	ROW(WORD_REQUEST_CANNOT, "This service cannot make requests",         \
	    "Dieser Dienst kann keine Anforderungen erstellen")               \
	ROW(WORD_REQUEST_ABSENT, "No request is waiting",                     \
	    "Es wartet keine Anforderung")                                    \
	ROW(WORD_REQUEST_ABSENT_CURE, "Open “Renew” and make a request.",     \
	    "Öffnen Sie „Erneuern“, und erstellen Sie eine Anforderung.")     \
	ROW(WORD_EVENT_ABSENT, "This event does not exist",                   \
	    "Dieses Ereignis gibt es nicht")                                  \
	ROW(WORD_EVENT_ABSENT_CURE,                                           \
	    "The history keeps only a limited number of events. Open "        \
	    "“History”.",                                                     \
	    "Der Verlauf bewahrt nur eine begrenzte Zahl von Ereignissen "    \
	    "auf. Öffnen Sie „Verlauf“.")                                     \
	ROW(WORD_NO_CHANGES, "This service takes no changes now",             \
	    "Dieser Dienst nimmt gerade keine Änderungen an")                 \
	ROW(WORD_NO_CHANGES_CURE,                                             \
	    "Nothing was changed. Its operator has set it to read-only; try " \
	    "again later.",                                                   \
	    "Es wurde nichts geändert. Sein Betreiber hat ihn auf Nur-Lesen " \
	    "gestellt; versuchen Sie es später noch einmal.")                 \
	/* The history. */                                                    \
	ROW(WORD_HISTORY_HINT,                                                \
	    "Newest first. The number leads to details and to restoring.",    \
	    "Neueste zuerst. Die Nummer führt zu Einzelheiten und zum "       \
	    "Wiederherstellen.")                                              \
	ROW(WORD_HISTORY_NONE, "Nothing has happened yet.",                   \
	    "Es ist noch nichts geschehen.")                                  \
	ROW(WORD_HISTORY_OLDER, "Older", "Ältere")                            \
	ROW(WORD_HISTORY_NEWEST, "Newest", "Neueste")                         \
	ROW(WORD_NUMBER, "Number", "Nummer")                                  \
	ROW(WORD_WHEN, "When", "Wann")                                        \
	ROW(WORD_ACTION, "Change", "Änderung")                                \
	ROW(WORD_WHO, "Who", "Wer")                                           \
	ROW(WORD_REASON, "Reason", "Grund")                                   \
	ROW(WORD_UPLOADED, "Uploaded certificate",                            \
	    "Hochgeladenes Zertifikat")                                       \
	ROW(WORD_UPLOADED_TOPIC, "Its topic", "Sein Topic")                   \
	ROW(WORD_UPLOADED_ENDS, "Its end", "Sein Ende")                       \
	ROW(WORD_EVENT_REQUEST, "Request number", "Anfragenummer")            \
	ROW(WORD_TIMES, "Times", "Anzahl")                                    \
	ROW(WORD_LAST_TIME, "Last time", "Zuletzt")                           \
	ROW(WORD_CREATED, "created", "angelegt")                              \
	ROW(WORD_WAS_CHANGED, "changed", "geändert")                          \
	ROW(WORD_REMOVED, "removed", "entfernt")                              \
	ROW(WORD_WAS_REFUSED, "refused", "abgelehnt")                         \
	ROW(WORD_REQUESTED, "request made", "Anforderung erstellt")           \
	ROW(WORD_RESTORED, "restored", "wiederhergestellt")                   \
	ROW(WORD_IMPORTED, "imported", "importiert")                          \
	ROW(WORD_NOTHING, "–", "–")                                           \
	ROW(WORD_EVENT, "Event", "Ereignis")                                  \
	ROW(WORD_BEFORE, "Before this event", "Vor diesem Ereignis")          \
	ROW(WORD_BEFORE_CHANGE, "Now, and after it is restored",              \
	    "Jetzt und nach dem Wiederherstellen")                            \
	ROW(WORD_BEFORE_NONE, "There was no record before this event.",       \
	    "Vor diesem Ereignis gab es keinen Eintrag.")                     \
	ROW(WORD_BEFORE_SAME,                                                 \
	    "The record is now as it was before this event, so there is "     \
	    "nothing to restore.",                                            \
	    "Der Eintrag ist jetzt so wie vor diesem Ereignis; es gibt also " \
	    "nichts wiederherzustellen.")                                     \
	ROW(WORD_BEFORE_TOPIC, "The state before has a different topic",      \
	    "Der Stand davor hat ein anderes Topic")                          \
	ROW(WORD_BEFORE_TOPIC_CAUSE,                                          \
	    "Devices are bound to the topic. Every device that enrolled with "\
	    "the topic of today is cut off until it enrols again.",           \
	    "Geräte sind an das Topic gebunden. Jedes Gerät, das sich mit "   \
	    "dem heutigen Topic registriert hat, wird abgeschnitten, bis es " \
	    "sich neu registriert.")                                          \
	ROW(WORD_RESTORE, "Restore the state before",                         \
	    "Stand davor wiederherstellen")                                   \
	ROW(WORD_RESTORE_CUTS, "Restore and cut off all devices",             \
	    "Wiederherstellen und alle Geräte abschneiden")
/* clang-format on */

#endif
