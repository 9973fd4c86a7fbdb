# Found an invented network in ./net, to rehearse with: three seats, two of which sign. For the test environment.
# For a shell in an empty folder: . ~/pratique/examples/rehearsal/found.sh
export PRATIQUE_KEY_PASSWORD="four invented plain words" PRATIQUE_AUTHORITY="$PWD/net"
pratique authority seat create seat-1 --holder XSA --region NORTH
pratique authority seat create seat-2 --holder XSB --region SOUTH
pratique authority seat create seat-3 --holder XSC --region EAST
pratique authority init --network rehearsal --environment test -k 2 --suspend 2 \
  --seat seat-1.json --seat seat-2.json --seat seat-3.json
for seat in seat-1 seat-2; do pratique authority sign net/root-1.proposal --key file:$seat.pem --yes; done
pratique authority publish net/root-1.proposal
# What a verifier gets from a hand that it trusts.
cp net/repository/metadata/1.root.json root.json
