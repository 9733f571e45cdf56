<?php
// SPDX-License-Identifier: ISC
//
// peer.php - the peer in PHP with a persistent connection to the file that
// peer_sqlite fills, which FILE in the FastCGI parameters names. peer.h describes
// its work.
const TYPE = 'microsoft.graph.applePushNotificationCertificate';
const RESOURCE = 'deviceManagement/applePushNotificationCertificate';
const SETTABLE = ['appleIdentifier' => 1, 'topicIdentifier' => 1,
	'expirationDateTime' => 1, 'certificateUploadStatus' => 1,
	'certificateUploadFailureReason' => 1, 'certificate' => 1];
const IGNORED = ['id' => 1, 'lastModifiedDateTime' => 1,
	'certificateSerialNumber' => 1, '@odata.type' => 1,
	'@odata.context' => 1];

// The properties of a body, or null if it has unknown ones.
function read_patch(string $body): ?array
{
	$object = json_decode($body, true);
	if (!is_array($object))
		return null;
	$patch = array_diff_key($object, IGNORED);
	foreach ($patch as $name => $value)
		if (!isset(SETTABLE[$name]) ||
		    ($value !== null && !is_string($value)))
			return null;
	return $patch;
}

function answer(int $status, ?array $record): void
{
	$bytes = random_bytes(16);
	$bytes[6] = chr(ord($bytes[6]) & 0x0f | 0x40);
	$bytes[8] = chr(ord($bytes[8]) & 0x3f | 0x80);
	$id = vsprintf('%s%s-%s-%s-%s-%s%s%s', str_split(bin2hex($bytes), 4));
	$content = '{"error":{"code":"' . $status . '"}}';
	http_response_code($status);
	if ($record !== null) {
		$content = '{"@odata.context":"http://' .
			$_SERVER['SERVER_NAME'] . '/v1.0/$metadata#' .
			RESOURCE . '/$entity","@odata.type":"#' . TYPE . '",' .
			substr($record['text'], 1);
		header('OData-Version: 4.0');
		header('ETag: W/"' . $record['revision'] . '"');
	}
	header('Content-Type: application/json;odata.metadata=minimal;' .
		'odata.streaming=true;IEEE754Compatible=false;charset=utf-8');
	header("request-id: $id");
	header('client-request-id: ' .
		($_SERVER['HTTP_CLIENT_REQUEST_ID'] ?? $id));
	header('Cache-Control: no-cache');
	header('Accept-Ranges: none');
	header('X-Content-Type-Options: nosniff');
	header('Content-Length: ' . strlen($content));
	echo $content;
}

$db = new PDO('sqlite:' . $_SERVER['FILE'], null, null, [
	PDO::ATTR_PERSISTENT => true,
	PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
	PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_ASSOC,
]);
$db->exec('PRAGMA busy_timeout = 10000; PRAGMA synchronous = FULL');
$key = hash('sha256', substr($_SERVER['HTTP_AUTHORIZATION'] ?? '', 7), true);
$get = $db->prepare('SELECT tenant, revision, text ' .
	'FROM token NATURAL JOIN record WHERE hash = ?');
$get->bindValue(1, $key, PDO::PARAM_LOB);

if ($_SERVER['REQUEST_METHOD'] !== 'PATCH') {
	$get->execute();
	$record = $get->fetch() ?: null;
	answer($record === null ? 401 : 200, $record);
	exit;
}
$patch = read_patch(file_get_contents('php://input'));
if ($patch === null) {
	answer(400, null);
	exit;
}
$db->exec('BEGIN IMMEDIATE');
$get->execute();
$record = $get->fetch() ?: null;
if ($record !== null) {
	$get->closeCursor();
	$db->prepare('INSERT INTO history VALUES (?, ?, ?)')->execute(
		[$record['tenant'], $record['revision'], $record['text']]);
	$members = array_merge(json_decode($record['text'], true), $patch);
	$members['lastModifiedDateTime'] =
		(new DateTime('now', new DateTimeZone('UTC')))
		->format('Y-m-d\TH:i:s.u0\Z');
	$record['text'] = json_encode($members,
		JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE);
	$record['revision']++;
	$db->prepare('UPDATE record SET revision = ?, text = ? ' .
		'WHERE tenant = ?')->execute(
		[$record['revision'], $record['text'], $record['tenant']]);
}
$db->exec('COMMIT');
answer($record === null ? 401 : 200, $record);
