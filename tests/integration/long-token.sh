# SPDX-License-Identifier: ISC
# shellcheck shell=sh
#
# long-token.sh - makes tokens as long as those of users in many groups. Shell
# scripts source this file after they have set dir, program, config and tenant.

# long_token_setup: makes a key and configures its key set. Call it before the
# server starts.
long_token_setup() {
	echo "jwks_file = $(dirname "$config")/jwks" >>"$config"
	"$program" tenant add "$tenant" --config "$config" &&
		"$program" token jwt --config "$config" --tenant "$tenant" \
			--scope DeviceManagementServiceConfig.Read.All \
			--key "$dir/long.key" >"$dir/short" &&
		mv "$dir/long.key.jwks" "$(dirname "$config")/jwks"
}

long_token_base64() {
	openssl base64 -A | tr '+/' '-_' | tr -d =
}

# long_token BYTES: prints a token of this length, or one byte shorter, because
# base64 cannot have every length.
long_token() {
	long_head=$(cut -d. -f1 "$dir/short")
	# The rest consists of 342 bytes of a signature and two dots.
	long_want=$((($1 - ${#long_head} - 344) * 3 / 4))
	long_now=$(date +%s)
	long_claims='{"iss":"https://sts.windows.net/'$tenant'/",'
	long_claims=$long_claims'"aud":"https://graph.microsoft.com",'
	long_claims=$long_claims'"tid":"'$tenant'","exp":'$((long_now + 3600))','
	long_claims=$long_claims'"scp":"DeviceManagementServiceConfig.Read.All",'
	long_claims=$long_claims'"groups":["'
	long_fill=$((long_want - ${#long_claims} - 3))
	long_claims=$long_claims$(printf '%*s' "$long_fill" '' | tr ' ' g)'"]}'
	printf '%s.%s' "$long_head" \
		"$(printf %s "$long_claims" | long_token_base64)" >"$dir/signed"
	printf '%s.%s' "$(cat "$dir/signed")" "$(openssl dgst -sha256 \
		-sign "$dir/long.key" "$dir/signed" | long_token_base64)"
}

# long_token_status URL BYTES: sends a GET with such a token and prints the
# status; the response goes to $dir/long.body.
long_token_status() {
	{
		printf 'Authorization: Bearer '
		long_token "$2"
		echo
	} >"$dir/long.header"
	curl --silent --max-time 20 --output "$dir/long.body" \
		--write-out '%{http_code}' --header "@$dir/long.header" "$1"
}
