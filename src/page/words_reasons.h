/* SPDX-License-Identifier: ISC */
/*
 * words_reasons.h - the rows of words.h with which the pages explain a fault of
 * a certificate: what is wrong, why, and what to do.
 */
#ifndef PUSHCERT_WORDS_REASONS_H
#define PUSHCERT_WORDS_REASONS_H

/* clang-format off */
#define WORDS_REASONS(ROW)                                                    \
	ROW(WORD_NOT_CERTIFICATE, "This is not a certificate",                \
	    "Das ist kein Zertifikat")                                        \
	ROW(WORD_NOT_CERTIFICATE_CAUSE,                                       \
	    "The file or the text cannot be read as a certificate.",          \
	    "Die Datei oder der Text lässt sich nicht als Zertifikat lesen.") \
	ROW(WORD_NOT_CERTIFICATE_CURE,                                        \
	    "Choose the .pem file that you downloaded from Apple’s portal. "  \
	    "If you paste its text, paste all of it, with the lines BEGIN "   \
	    "CERTIFICATE and END CERTIFICATE.",                               \
	    "Wählen Sie die .pem-Datei, die Sie von Apples Portal "           \
	    "heruntergeladen haben. Wenn Sie ihren Text einfügen, dann "      \
	    "vollständig, mit den Zeilen BEGIN CERTIFICATE und END "          \
	    "CERTIFICATE.")                                                   \
	ROW(WORD_PRIVATE_KEY, "This contains a private key",                  \
	    "Das enthält einen privaten Schlüssel")                           \
	ROW(WORD_PRIVATE_KEY_CAUSE,                                           \
	    "Nothing was stored, and this page does not show the text again. "\
	    "But the key has left its place, so treat it as compromised.",    \
	    "Es wurde nichts gespeichert, und diese Seite zeigt den Text "    \
	    "nicht wieder. Der Schlüssel hat aber seinen Platz verlassen; "   \
	    "behandeln Sie ihn als kompromittiert.")                          \
	ROW(WORD_PRIVATE_KEY_CURE,                                            \
	    "Make a new request, renew the certificate with it at Apple’s "   \
	    "portal, and upload that certificate alone, without a key.",      \
	    "Erstellen Sie eine neue Anforderung, erneuern Sie damit das "    \
	    "Zertifikat in Apples Portal, und laden Sie das Zertifikat "      \
	    "allein hoch, ohne Schlüssel.")                                   \
	ROW(WORD_WRAPPED, "This may hide a private key",                      \
	    "Darin kann ein privater Schlüssel stecken")                      \
	ROW(WORD_WRAPPED_CAUSE,                                               \
	    "It is an archive, or it is wrapped too many times to be "        \
	    "checked. Nothing was stored.",                                   \
	    "Es ist ein Archiv, oder es ist zu oft verpackt, um geprüft zu "  \
	    "werden. Es wurde nichts gespeichert.")                           \
	ROW(WORD_WRAPPED_CURE,                                                \
	    "Use the .pem file as Apple’s portal sends it.",                  \
	    "Verwenden Sie die .pem-Datei so, wie Apples Portal sie sendet.") \
	ROW(WORD_REQUEST_INSTEAD, "This is the request, not the certificate", \
	    "Das ist die Anforderung, nicht das Zertifikat")                  \
	ROW(WORD_REQUEST_INSTEAD_CAUSE,                                       \
	    "The file is the signing request that you take to Apple. Apple "  \
	    "answers it with a certificate.",                                 \
	    "Die Datei ist die Signieranforderung, die Sie zu Apple "         \
	    "bringen. Apple beantwortet sie mit einem Zertifikat.")           \
	ROW(WORD_REQUEST_INSTEAD_CURE,                                        \
	    "Upload this file at identity.apple.com/pushcert, download the "  \
	    "certificate there, and choose that file here.",                  \
	    "Laden Sie diese Datei auf identity.apple.com/pushcert hoch, "    \
	    "laden Sie dort das Zertifikat herunter, und wählen Sie hier "    \
	    "diese zweite Datei.")                                            \
	ROW(WORD_NOT_MDM, "This is not an MDM push certificate",              \
	    "Das ist kein MDM-Push-Zertifikat")                               \
	ROW(WORD_NOT_MDM_CAUSE,                                               \
	    "Its topic does not begin with com.apple.mgmt. It may be the "    \
	    "certificate of an app, of a web server or of an MDM vendor.",    \
	    "Sein Topic beginnt nicht mit com.apple.mgmt. Es kann das "       \
	    "Zertifikat einer App, eines Webservers oder eines "              \
	    "MDM-Herstellers sein.")                                          \
	ROW(WORD_NOT_MDM_CURE,                                                \
	    "Download the certificate of your MDM at "                        \
	    "identity.apple.com/pushcert, and choose that file.",             \
	    "Laden Sie das Zertifikat Ihres MDM von "                         \
	    "identity.apple.com/pushcert herunter, und wählen Sie diese "     \
	    "Datei.")                                                         \
	ROW(WORD_HAS_EXPIRED, "This certificate has expired",                 \
	    "Dieses Zertifikat ist abgelaufen")                               \
	ROW(WORD_HAS_EXPIRED_CAUSE,                                           \
	    "Apple’s push service no longer accepts it. Usually this is "     \
	    "last year’s file.",                                              \
	    "Apples Push-Dienst nimmt es nicht mehr an. Meist ist das die "   \
	    "Datei vom letzten Jahr.")                                        \
	ROW(WORD_HAS_EXPIRED_CURE,                                            \
	    "Renew it at Apple’s portal with the same Apple ID, and choose "  \
	    "the new file.",                                                  \
	    "Erneuern Sie es in Apples Portal mit derselben Apple-ID, "       \
	    "und wählen Sie die neue Datei.")                                 \
	ROW(WORD_NOT_YET, "This certificate is not valid yet",                \
	    "Dieses Zertifikat ist noch nicht gültig")                        \
	ROW(WORD_NOT_YET_CAUSE,                                               \
	    "It begins in the future, or the clock of this service is slow.", \
	    "Es beginnt in der Zukunft, oder die Uhr dieses Dienstes geht "   \
	    "nach.")                                                          \
	ROW(WORD_NOT_YET_CURE,                                                \
	    "Ask your operator to check the clock of the server. If it is "   \
	    "right, wait until the certificate begins.",                      \
	    "Bitten Sie Ihren Betreiber, die Uhr des Servers zu prüfen. Geht "\
	    "sie richtig, so warten Sie, bis das Zertifikat beginnt.")        \
	ROW(WORD_OLDER, "This certificate ends before the stored one",        \
	    "Dieses Zertifikat endet vor dem gespeicherten")                  \
	ROW(WORD_OLDER_CAUSE,                                                 \
	    "Usually this is the file of an earlier renewal.",                \
	    "Meist ist das die Datei einer früheren Erneuerung.")             \
	ROW(WORD_OLDER_CURE,                                                  \
	    "Choose the newest file of your downloads, or download the "      \
	    "certificate once more at Apple’s portal.",                       \
	    "Wählen Sie die neueste Datei Ihrer Downloads, oder laden Sie "   \
	    "das Zertifikat noch einmal von Apples Portal herunter.")         \
	ROW(WORD_WEAK_KEY, "The key of this certificate is too short",        \
	    "Der Schlüssel dieses Zertifikats ist zu kurz")                   \
	ROW(WORD_WEAK_KEY_CAUSE,                                              \
	    "Keys of fewer than 2048 bits can be broken.",                    \
	    "Schlüssel von weniger als 2048 Bit lassen sich brechen.")        \
	ROW(WORD_WEAK_KEY_CURE,                                               \
	    "Make a new request here, and renew the certificate with it.",    \
	    "Erstellen Sie hier eine neue Anforderung, und erneuern Sie das " \
	    "Zertifikat damit.")                                              \
	ROW(WORD_OTHER_KEY, "Apple does not issue certificates of this kind", \
	    "Solche Zertifikate stellt Apple nicht aus")                      \
	ROW(WORD_OTHER_KEY_CAUSE,                                             \
	    "Its key is not an RSA key, so the certificate comes from "       \
	    "another place.",                                                 \
	    "Sein Schlüssel ist kein RSA-Schlüssel; das Zertifikat kommt "    \
	    "also von einer anderen Stelle.")                                 \
	ROW(WORD_MISMATCH, "This certificate belongs to another request",     \
	    "Dieses Zertifikat gehört zu einer anderen Anforderung")          \
	ROW(WORD_MISMATCH_CAUSE,                                              \
	    "Its key is not the key of the request that waits here.",         \
	    "Sein Schlüssel ist nicht der Schlüssel der Anforderung, die "    \
	    "hier wartet.")                                                   \
	ROW(WORD_MISMATCH_CURE,                                               \
	    "Upload the waiting request at Apple’s portal, and choose the "   \
	    "certificate that Apple makes of it.",                            \
	    "Laden Sie die wartende Anforderung in Apples Portal hoch, und "  \
	    "wählen Sie das Zertifikat, das Apple daraus macht.")             \
	ROW(WORD_OTHER_TOPIC, "This certificate has a different topic",       \
	    "Dieses Zertifikat hat ein anderes Topic")                        \
	ROW(WORD_OTHER_TOPIC_CAUSE,                                           \
	    "Devices are bound to the topic. With this certificate every "    \
	    "enrolled device is cut off until it enrols again. Most often "   \
	    "“Create” was chosen in Apple’s portal, or another Apple ID was " \
	    "used.",                                                          \
	    "Geräte sind an das Topic gebunden. Mit diesem Zertifikat wird "  \
	    "jedes registrierte Gerät abgeschnitten, bis es sich neu "        \
	    "registriert. Meist wurde in Apples Portal „Create“ gewählt oder "\
	    "eine andere Apple-ID benutzt.")                                  \
	ROW(WORD_OTHER_TOPIC_CURE,                                            \
	    "Go back to Apple’s portal, sign in with the Apple ID that is "   \
	    "stored now, and choose “Renew” in the row of the stored topic.", \
	    "Gehen Sie zurück zu Apples Portal, melden Sie sich mit der "     \
	    "Apple-ID an, die jetzt gespeichert ist, und wählen Sie "         \
	    "„Renew“ in der Zeile des gespeicherten Topics.")                 \
	ROW(WORD_TOO_LONG, "This is too long", "Das ist zu lang")             \
	ROW(WORD_TOO_LONG_CAUSE,                                              \
	    "A push certificate has about 2,000 characters, and an Apple ID " \
	    "at most 1,024.",                                                 \
	    "Ein Push-Zertifikat hat etwa 2000 Zeichen, eine Apple-ID "       \
	    "höchstens 1024.")                                                \
	ROW(WORD_TOO_LONG_CURE,                                               \
	    "Check which file you chose, and what you typed.",                \
	    "Prüfen Sie, welche Datei Sie gewählt und was Sie eingegeben "    \
	    "haben.")                                                         \
	ROW(WORD_REFUSED, "This cannot be stored",                            \
	    "Das kann nicht gespeichert werden")                              \
	ROW(WORD_REFUSED_CAUSE,                                               \
	    "The service refuses it for the reason below.",                   \
	    "Der Dienst lehnt es aus dem Grund ab, der unten steht.")         \
	ROW(WORD_REFUSED_CURE,                                                \
	    "If the reason does not help, send the request number below to "  \
	    "your operator.",                                                 \
	    "Hilft der Grund nicht weiter, so nennen Sie Ihrem Betreiber die "\
	    "Anfragenummer unten.")
/* clang-format on */

#endif
