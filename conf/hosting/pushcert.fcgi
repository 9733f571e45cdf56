#!@HOME@/pushcert/pushcert --config
# Apache starts this file; it is also the configuration: see pushcert.conf(5).

data = @HOME@/pushcert/data
key_file = @HOME@/pushcert/pushcert.key

# Hosts allow a program little memory and few threads.
map_size = 64M
workers = 8
