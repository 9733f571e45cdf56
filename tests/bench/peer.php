<?php
// SPDX-License-Identifier: ISC
//
// peer.php - the peer in PHP with a persistent connection to the file that
// peer_sqlite fills, which FILE in the FastCGI parameters names.
$db = new PDO('sqlite:' . $_SERVER['FILE'], null, null, [
	PDO::ATTR_PERSISTENT => true,
	PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
]);
$db->exec('PRAGMA busy_timeout = 10000; PRAGMA synchronous = FULL');
$token = substr($_SERVER['HTTP_AUTHORIZATION'] ?? '', 7);

if ($_SERVER['REQUEST_METHOD'] === 'PATCH') {
	$text = file_get_contents('php://input');
	$db->exec('BEGIN IMMEDIATE');
	$db->prepare('INSERT INTO history SELECT tenant, revision, text ' .
		'FROM token NATURAL JOIN record WHERE token = ?')
		->execute([$token]);
	$set = $db->prepare(
		'UPDATE record SET text = ?, revision = revision + 1 ' .
		'WHERE tenant = (SELECT tenant FROM token WHERE token = ?)');
	$set->execute([$text, $token]);
	if ($set->rowCount() !== 1)
		$text = false;
	$db->exec('COMMIT');
} else {
	$get = $db->prepare(
		'SELECT text FROM token NATURAL JOIN record WHERE token = ?');
	$get->execute([$token]);
	$text = $get->fetchColumn();
}
if ($text === false) {
	http_response_code(401);
	exit;
}
header('Content-Type: application/json');
header('Cache-Control: no-cache');
header('Content-Length: ' . strlen($text));
echo $text;
