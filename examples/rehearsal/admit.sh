# Admit the state XXU, whose application lies in ./dossier, to the network that found.sh has founded.
for step in letter-received identity-proven keys-submitted; do
  pratique authority onboard XXU $step --key file:seat-1.pem --evidence dossier/application.json
done
pratique authority onboard XXU qa-passed --key file:seat-1.pem
pratique authority propose admit dossier --out admit.proposal
for seat in seat-1 seat-2; do pratique authority sign admit.proposal --key file:$seat.pem --yes --repository net; done
pratique authority publish admit.proposal
