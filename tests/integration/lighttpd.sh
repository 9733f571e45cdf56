# SPDX-License-Identifier: ISC
# shellcheck shell=sh
#
# lighttpd.sh - lighttpd for the *.server files, in the foreground.

# lighttpd_config SAMPLE: prints the sample and the configuration of a site
# around it.
lighttpd_config() {
	sample "$1" >"$dir/sample.conf"
	cat >"$dir/lighttpd.conf" <<-END
	server.bind = "127.0.0.1"
	server.port = $port
	server.document-root = "$dir/www"
	server.pid-file = "$dir/server.pid"
	server.upload-dirs = ( "$dir" )
	server.modules = ( "mod_deflate" )
	deflate.mimetypes = ( "application/json", "text/html", "text/css",
		"text/javascript", "image/svg+xml" )
	deflate.allowed-encodings = ( "gzip" )
	include "$dir/sample.conf"
	END
}
