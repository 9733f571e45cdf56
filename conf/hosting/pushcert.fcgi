#!@HOME@/pushcert/pushcert --config
# This file is what Apache starts, and the configuration: see pushcert.conf(5).

data = @HOME@/pushcert/data
key_file = @HOME@/pushcert/pushcert.key

# Hosts give a program little memory and few threads.
map_size = 64M
workers = 8
