#!/bin/sh
# The update hook of an embedded forge: git runs it once for each ref of a push, with the
# ref's name, old value and new value. What it refuses, no plain `git push` can do; mattone
# itself changes refs without pushing.

refuse() {
    echo "mattone: $1" >&2
    exit 1
}

# What a commit's message says of itself in one of its last lines.
trailer() {
    git log -1 --format="%(trailers:key=$1,valueonly,separator=%x2C)" "$2"
}

ref=$1
old=$2
new=$3

default=$(git symbolic-ref HEAD) || refuse "HEAD names no branch, so nothing can be protected"

case $ref in
"$default")
    refuse "${default#refs/heads/} is protected: push another branch and open a merge request"
    ;;
refs/heads/records)
    case $new in
    *[!0]*) ;; # appending; receive.denyNonFastForwards refuses what is not
    *) refuse "the records of what was done are not deleted" ;;
    esac
    ;;
refs/heads/leases | refs/heads/leases/*/*)
    refuse "leases/<environment> is where the lease of an environment stands"
    ;;
refs/heads/leases/*)
    case $new in
    *[!0]*)
        holder=$(trailer Operation "$new")
        [ -n "$holder" ] || refuse "${ref#refs/heads/} holds the lease of an apply, and nothing else"
        case $old in
        *[!0]*)
            before=$(trailer Operation "$old")
            [ "$holder" = "$before" ] || [ "$(trailer Replaces "$new")" = "$before" ] ||
                refuse "the lease is held by operation $before"
            ;;
        esac
        ;;
    esac # releasing it is deleting it
    ;;
refs/heads/*) ;;
refs/tags/*)
    case $old in
    *[!0]*) refuse "the tag ${ref#refs/tags/} exists, and tags do not move" ;;
    esac
    ;;
*)
    refuse "$ref is not a branch or a tag"
    ;;
esac
