// What the stages of the Jenkinsfile do: the commands of pipelines/gitlab/, in the same order.

import groovy.transform.Field

@Field private static final String COMMAND = '.venv/bin/mattone'

/** Every service, type and deployment is valid, and every lock fits what it was made from. */
void check() {
    setup()
    sh "${COMMAND} validate --output text"
    sh "${COMMAND} lock --locked --output text"
}

/** What the merge request claims, by its commits and its title, is no less than what its changes demand. */
void claims() {
    setup()
    sh "${COMMAND} release --check \"origin/\$CHANGE_TARGET..HEAD\" --title \"\$CHANGE_TITLE\" --output text"
}

/** The platform's own tests; the agent must be allowed to start machines. */
void test() {
    try {
        sh '.ci/run'
    } finally {
        junit testResults: 'reports/*.xml', allowEmptyResults: true
    }
}

/** What merging would do, kept as plan.md and plan.json. No credentials are bound here. */
void plan() {
    setup()
    // 0: nothing to do, 2: there is something to do; both are plans that a person can read
    sh """${COMMAND} plan --detailed-exitcode --output text \\
        --base "origin/\$CHANGE_TARGET" --out plan.json --markdown plan.md || test \$? -eq 2"""
    archiveArtifacts artifacts: 'plan.md, plan.json'
}

/** What engines would receive, of every deployment: one archive each and its bill of materials. No credentials are bound here. */
void bundle() {
    setup()
    sh "${COMMAND} bundle --all --out bundles --output text"
    archiveArtifacts artifacts: 'bundles/**', allowEmptyArchive: true
}

/** Bring the merged state about, one build after the other; the credentials exist for that command alone. */
void apply(String environment) {
    setup()
    lock(resource: "mattone-${environment}") {
        sh "${COMMAND} lock --locked --output text"
        withCredentials([string(credentialsId: "mattone-${environment}", variable: 'MATTONE_ID_TOKEN')]) {
            sh "${COMMAND} apply --output text"
        }
    }
}

/** The next versions of what changed, shown; and made when whoever started the build by hand asked for it (`MAKE_RELEASE`). */
void release() {
    setup()
    sh "${COMMAND} release --dry-run --output text"
    if (params.MAKE_RELEASE) {
        lock(resource: 'mattone-release') {
            sshagent(['mattone-release']) {
                sh "${COMMAND} release --output text"
            }
        }
    }
}

/** Make the command available in the work space: quick when nothing has changed. */
private void setup() {
    sh 'tools/setup/venv.sh run'
}
