# Have the states XXU and XXA make keys and apply (./utopia, ./arcadia, ./dossiers), and write their folders into
# ./participants as WHO keeps them, with what an invented trust anchor, ./TNG_TA.pem, signs for each certificate. For the
# test environment; needs openssl. For a shell in an empty folder: . ~/pratique/examples/rehearsal/participants.sh
export PRATIQUE_KEY_PASSWORD="four invented plain words"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj "/C=XT/CN=Invented trust anchor" \
  -keyout TNG_TA.key -out TNG_TA.pem
encoded() { openssl base64 -A; }
while read -r folder code country name; do
  pratique participant init --participant $folder --code $code --country $country --name "Ministry of Health of $name" \
    --domain DCC --contact https://health.example/appeals --environment test
  pratique participant apply --participant $folder --out dossiers/$code
  for role in SCA UP TLS; do
    to=participants/$code/onboarding/DCC/$role
    mkdir -p $to/signed
    cp dossiers/$code/$role/$role.pem $to/
    openssl x509 -in $to/$role.pem -outform DER -out certificate.der
    openssl cms -sign -binary -in certificate.der -signer TNG_TA.pem -inkey TNG_TA.key -md sha256 -outform DER -out word.der
    printf '{"trustAnchorSignature": "%s", "certificateRawData": "%s", "certificateThumbprint": "%s", "country": "%s"}' \
      "$(encoded <word.der)" "$(encoded <certificate.der)" "$(openssl dgst -sha256 -r certificate.der | cut -c 1-64)" \
      $country >$to/signed/TNG_TA.signed.$role.json
  done
done <<'STATES'
utopia XXU XU Utopia
arcadia XXA XA Arcadia
STATES
rm certificate.der word.der
