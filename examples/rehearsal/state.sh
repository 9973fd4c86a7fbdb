# All of it: found a network, let the state XXU join, and have it issue ./traveller.txt. In an empty folder.
rehearsal=~/pratique/examples/rehearsal
. $rehearsal/found.sh
export PRATIQUE_PARTICIPANT="$PWD/utopia" PRATIQUE_ISSUER="$PWD/issuer"
pratique participant init --code XXU --country XU --name "Ministry of Health of Utopia" \
  --contact https://health.example/appeals --environment test
pratique participant apply --out dossier
. $rehearsal/admit.sh
pratique issuer init --signing-ca utopia --country XU --participant XXU --name "Ministry of Health of Utopia" \
  --contact https://health.example/appeals --environment test --keys 1
pratique participant publish --signers issuer/certificates --rules ~/pratique/examples/rules-utopia.json \
  --repository net --out XXU.proposal
pratique authority publish XXU.proposal
pratique issuer issue kind=vaccination surname=Sampleová forename=Testina birth_date=1984-02-29 \
  product=EU/1/20/1528 dose=2 doses=2 given_on=2026-10-01 lot=LOT-1 --site harbour --operator op-17 > traveller.txt
cp traveller.txt sample.txt
. $rehearsal/activate.sh
