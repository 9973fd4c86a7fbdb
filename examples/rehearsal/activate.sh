# Make XXU active for the EU's certificates, once it has published and ./sample.txt is one of its certificates.
pratique authority self-test XXU sample.txt --out self-test.json
for step in anchor-signed admitted self-test-running; do
  pratique authority onboard XXU $step --key file:seat-1.pem
done
pratique authority onboard XXU self-test-passed --domain DCC --key file:seat-1.pem --evidence self-test.json
pratique authority propose activate XXU --domain DCC --out activate.proposal
for seat in seat-1 seat-2; do pratique authority sign activate.proposal --key file:$seat.pem --yes --repository net; done
pratique authority publish activate.proposal
