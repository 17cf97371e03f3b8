#!/bin/sh
# Makes the certificates and passwords that docker compose mounts, below .local/ (never committed).
# Run it as root, so that each service's files can be given to the user that its container runs as.
set -eu
umask 077
cd "$(dirname "$0")"
rm -rf .local
mkdir -p .local/ca
chmod 711 .local

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj "/CN=shop development CA" \
  -keyout .local/ca/ca.key -out .local/ca/ca.crt 2>/dev/null

# certificate SERVICE: .local/SERVICE/{tls.crt,tls.key,ca.crt}
certificate() {
  mkdir -p ".local/$1"
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" \
    -keyout ".local/$1/tls.key" -out ".local/$1/request.pem" 2>/dev/null
  printf 'subjectAltName=DNS:%s,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n' "$1" > ".local/$1/extensions"
  openssl x509 -req -in ".local/$1/request.pem" -CA .local/ca/ca.crt -CAkey .local/ca/ca.key -CAcreateserial \
    -days 30 -extfile ".local/$1/extensions" -out ".local/$1/tls.crt" 2>/dev/null
  cp .local/ca/ca.crt ".local/$1/ca.crt"
  rm ".local/$1/request.pem" ".local/$1/extensions"
}

# secret SERVICE NAME: keep standard input as .local/SERVICE/NAME
secret() { cat > ".local/$1/$2"; }
random() { openssl rand -hex 24; }

for service in web orders mailer postgres redis; do certificate "$service"; done

shop=$(random); backup=$(random); web=$(random); orders=$(random); mailer=$(random)
tls='sslmode=verify-full&sslrootcert=/run/tls/ca.crt&sslcert=/run/tls/tls.crt&sslkey=/run/tls/tls.key'

random | secret postgres postgres-password
echo "$shop" | secret postgres shop-password
echo "$backup" | secret postgres backup-password
secret redis users.acl <<ACL
user default off
user web on >$web ~shop:order:* resetchannels -@all +auth +hello +ping +select +get +set
user orders on >$orders ~shop:mail resetchannels -@all +auth +hello +ping +select +lpush
user mailer on >$mailer ~shop:mail resetchannels -@all +auth +hello +ping +select +brpop
ACL
echo "rediss://web:$web@redis:6379/0" | secret web redis-url
random | secret web admin-token
echo "postgres://shop:$shop@postgres:5432/shop?$tls" | secret orders database-url
echo "rediss://orders:$orders@redis:6379/0" | secret orders redis-url
echo "rediss://mailer:$mailer@redis:6379/0" | secret mailer redis-url

chown -R 10101:10101 .local/web
chown -R 10102:10102 .local/orders
chown -R 10103:10103 .local/mailer
chown -R 10104:10104 .local/postgres
chown -R 10105:10105 .local/redis
echo "Done. Certificates are good for 30 days."
