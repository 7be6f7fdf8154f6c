//! Tables as diesel sees them, at most 16 columns each (more makes diesel slow to compile).
//! Written beside `migrations/`; a test compares both databases with this file, column by column.

diesel::table! {
    accounts (account_id) {
        account_id -> Text,
        name -> Text,
        company_uuid -> Text,
        authentication_type -> Text,
        base_uri -> Text,
        geolocation -> Nullable<Text>,
        settings -> Text,
        first_connected_at -> Nullable<BigInt>,
        paused_at -> Nullable<BigInt>,
        paused_reason -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    credentials (account_id, kind) {
        account_id -> Text,
        kind -> Text,
        sealed -> Binary,
        updated_at -> BigInt,
    }
}

diesel::table! {
    oauth_tokens (account_id) {
        account_id -> Text,
        access_token -> Binary,
        access_expires_at -> BigInt,
        refresh_token -> Binary,
        refresh_issued_at -> BigInt,
        previous_refresh -> Nullable<Binary>,
        geolocation -> Text,
        scopes -> Text,
        updated_at -> BigInt,
    }
}

diesel::table! {
    refresh_leases (account_id) {
        account_id -> Text,
        owner -> Text,
        until -> BigInt,
    }
}

diesel::table! {
    tokens (token_id) {
        token_id -> Text,
        account_id -> Nullable<Text>,
        name -> Text,
        secret_hmac -> Binary,
        scopes -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
        last_used_at -> Nullable<BigInt>,
        client_id -> Text,
    }
}

diesel::table! {
    token_issuers (token_id) {
        token_id -> Text,
        issuer -> Text,
        audience -> Text,
        claims -> Text,
        keys_url -> Nullable<Text>,
        keys -> Nullable<Text>,
    }
}

diesel::table! {
    resources (resource_id) {
        resource_id -> Text,
        account_id -> Text,
        resource_type -> Text,
        scim_id -> Text,
        user_name -> Nullable<Text>,
        user_name_folded -> Nullable<Text>,
        external_id -> Nullable<Text>,
        employee_number -> Nullable<Text>,
        active -> Bool,
        body -> Text,
        version -> BigInt,
        shown -> Bool,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    resource_emails (resource_id, email_folded) {
        resource_id -> Text,
        account_id -> Text,
        email_folded -> Text,
    }
}

diesel::table! {
    links (resource_id) {
        resource_id -> Text,
        account_id -> Text,
        concur_user_id -> Nullable<Text>,
        known -> Nullable<Text>,
        adopted -> Bool,
        updated_at -> BigInt,
    }
}

diesel::table! {
    link_extensions (resource_id, extension) {
        resource_id -> Text,
        extension -> Text,
        state -> Text,
        provision_id -> Nullable<Text>,
        error_code -> Nullable<Text>,
        error_message -> Nullable<Text>,
        updated_at -> BigInt,
    }
}

diesel::table! {
    operations (op_id) {
        op_id -> BigInt,
        account_id -> Text,
        resource_id -> Text,
        user_seq -> BigInt,
        kind -> Text,
        priority -> Integer,
        state -> Text,
        attempt -> Integer,
        due_at -> BigInt,
        lease_owner -> Nullable<Text>,
        lease_epoch -> BigInt,
        lease_until -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
        chain_id -> Text,
        lane -> Integer,
    }
}

diesel::table! {
    chains (resource_id) {
        resource_id -> Text,
        chain_id -> Text,
    }
}

diesel::table! {
    operation_details (op_id) {
        op_id -> BigInt,
        payload -> Text,
        payload_hash -> Text,
        provision_id -> Nullable<Text>,
        error_code -> Nullable<Text>,
        error_message -> Nullable<Text>,
        correlation_id -> Nullable<Text>,
        reason -> Nullable<Text>,
        replayed_at -> Nullable<BigInt>,
        superseded_by -> Nullable<BigInt>,
        ever_unknown -> Bool,
        settle_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    attempts (op_id, attempt) {
        op_id -> BigInt,
        attempt -> Integer,
        started_at -> BigInt,
        lease_owner -> Text,
        payload_hash -> Text,
        ended_at -> Nullable<BigInt>,
        outcome -> Nullable<Text>,
        error_code -> Nullable<Text>,
        error_message -> Nullable<Text>,
        correlation_id -> Nullable<Text>,
        provision_id -> Nullable<Text>,
    }
}

diesel::table! {
    operation_extensions (op_id, extension) {
        op_id -> BigInt,
        extension -> Text,
        state -> Text,
        code -> Nullable<Text>,
        message -> Nullable<Text>,
        updated_at -> BigInt,
    }
}

diesel::table! {
    runs (run_id) {
        run_id -> Text,
        account_id -> Text,
        kind -> Text,
        state -> Text,
        started_at -> BigInt,
        updated_at -> BigInt,
        finished_at -> Nullable<BigInt>,
        progress -> Text,
        error -> Nullable<Text>,
    }
}

diesel::table! {
    cursors (account_id, data_type, name) {
        account_id -> Text,
        data_type -> Text,
        name -> Text,
        value -> Text,
        updated_at -> BigInt,
    }
}

diesel::table! {
    users (account_id, concur_user_id) {
        account_id -> Text,
        concur_user_id -> Text,
        user_name -> Text,
        external_id -> Nullable<Text>,
        employee_number -> Nullable<Text>,
        display_name -> Nullable<Text>,
        active -> Bool,
        raw -> Text,
        content_hash -> Text,
        updated_at -> BigInt,
        removed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    reports (account_id, source, report_id) {
        account_id -> Text,
        source -> Text,
        report_id -> Text,
        name -> Text,
        owner_login -> Text,
        owner_name -> Nullable<Text>,
        currency -> Text,
        total -> Text,
        approval_status -> Nullable<Text>,
        payment_status -> Nullable<Text>,
        last_modified -> Nullable<BigInt>,
        raw -> Text,
        content_hash -> Text,
        updated_at -> BigInt,
        removed_at -> Nullable<BigInt>,
        owner_id -> Nullable<Text>,
    }
}

diesel::table! {
    lines (line_no) {
        line_no -> BigInt,
        line_id -> Text,
        account_id -> Text,
        source -> Text,
        source_key -> Text,
        report_id -> Nullable<Text>,
        owner_login -> Text,
        transaction_date -> Text,
        transaction_amount -> Text,
        transaction_currency -> Text,
        posted_amount -> Text,
        posted_currency -> Text,
        counted -> Bool,
        content_hash -> Text,
        removed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    line_texts (line_no) {
        line_no -> BigInt,
        entry_id -> Nullable<Text>,
        itemization_id -> Nullable<Text>,
        vendor_description -> Nullable<Text>,
        vendor_list_item -> Nullable<Text>,
        description -> Nullable<Text>,
        business_purpose -> Nullable<Text>,
        expense_type_code -> Nullable<Text>,
        expense_type_name -> Nullable<Text>,
        spend_category_code -> Nullable<Text>,
        spend_category_name -> Nullable<Text>,
        is_personal -> Bool,
        has_itemizations -> Bool,
        updated_at -> BigInt,
    }
}

diesel::table! {
    line_raw (line_no) {
        line_no -> BigInt,
        raw -> Text,
    }
}

diesel::table! {
    matches (line_no) {
        line_no -> BigInt,
        account_id -> Text,
        line_hash -> Text,
        status -> Text,
        app_id -> Nullable<Text>,
        score -> Double,
        band -> Text,
        matched_by -> Text,
        candidate -> Nullable<Text>,
        explanation -> Text,
        dictionary_version -> Text,
        pinned -> Bool,
        decided_at -> BigInt,
        since -> BigInt,
        rules_revision -> BigInt,
        rule -> Nullable<Text>,
    }
}

diesel::table! {
    past_matches (line_no, change) {
        line_no -> BigInt,
        change -> BigInt,
        account_id -> Text,
        status -> Text,
        app_id -> Nullable<Text>,
        score -> Double,
        band -> Text,
        matched_by -> Text,
        rule -> Nullable<Text>,
        candidate -> Nullable<Text>,
        explanation -> Text,
        dictionary_version -> Text,
        rules_revision -> BigInt,
        pinned -> Bool,
        since -> BigInt,
        until -> BigInt,
    }
}

diesel::table! {
    line_heads (account_id) {
        account_id -> Text,
        change -> BigInt,
        rules_revision -> BigInt,
    }
}

diesel::table! {
    line_changes (line_no) {
        line_no -> BigInt,
        account_id -> Text,
        change -> BigInt,
        added_at -> BigInt,
    }
}

diesel::table! {
    dismissed_proposals (account_id, proposal) {
        account_id -> Text,
        proposal -> Text,
        actor -> Text,
        dismissed_at -> BigInt,
    }
}

diesel::table! {
    rule_revisions (account_id, revision) {
        account_id -> Text,
        revision -> BigInt,
        rules -> Text,
        actor -> Text,
        note -> Text,
        set_at -> BigInt,
        lines_changed -> BigInt,
    }
}

diesel::table! {
    kept_sums (account_id, month, app_id, currency) {
        account_id -> Text,
        month -> Text,
        app_id -> Text,
        currency -> Text,
        lines -> BigInt,
        posted -> Text,
        first_day -> Text,
        last_day -> Text,
    }
}

diesel::table! {
    kept_months (account_id, month) {
        account_id -> Text,
        month -> Text,
        change -> BigInt,
    }
}

diesel::table! {
    imports (import_id) {
        import_id -> Text,
        account_id -> Text,
        name -> Text,
        layout -> Text,
        state -> Text,
        inserted -> BigInt,
        changed -> BigInt,
        unchanged -> BigInt,
        rejected -> BigInt,
        started_at -> BigInt,
        finished_at -> Nullable<BigInt>,
        alive_at -> BigInt,
    }
}

diesel::table! {
    import_options (account_id, headings) {
        account_id -> Text,
        headings -> Text,
        options -> Text,
        file -> Text,
        said_at -> BigInt,
    }
}

diesel::table! {
    import_ranges (import_id, first_no, last_no) {
        import_id -> Text,
        first_no -> BigInt,
        last_no -> BigInt,
    }
}

diesel::table! {
    audit_heads (chain) {
        chain -> Text,
        seq -> BigInt,
        hash -> Text,
    }
}

diesel::table! {
    audit (chain, seq) {
        chain -> Text,
        seq -> BigInt,
        at -> BigInt,
        actor -> Text,
        action -> Text,
        subject -> Text,
        details -> Text,
        previous_hash -> Text,
        hash -> Text,
    }
}

diesel::table! {
    concur_calls (account_id, endpoint) {
        account_id -> Text,
        endpoint -> Text,
        succeeded -> BigInt,
        last_at -> BigInt,
    }
}

diesel::table! {
    catalogue_groups (resource_id) {
        resource_id -> Text,
        account_id -> Text,
        code -> Text,
    }
}

diesel::table! {
    group_members (group_id, member_id) {
        group_id -> Text,
        member_id -> Text,
        added_at -> BigInt,
    }
}

diesel::table! {
    granted_roles (resource_id, role_code) {
        resource_id -> Text,
        role_code -> Text,
        granted_at -> BigInt,
    }
}

diesel::table! {
    brakes (account_id) {
        account_id -> Text,
        counted_from -> Nullable<BigInt>,
        tripped_at -> Nullable<BigInt>,
        reason -> Nullable<Text>,
        alerted_at -> Nullable<BigInt>,
        off_until -> Nullable<BigInt>,
        off_reason -> Nullable<Text>,
        off_by -> Nullable<Text>,
        updated_at -> BigInt,
    }
}

diesel::table! {
    request_log (seq) {
        seq -> BigInt,
        account_id -> Text,
        at -> BigInt,
        request_id -> Text,
        method -> Text,
        route -> Text,
        target -> Nullable<Text>,
        status -> Integer,
        scim_type -> Nullable<Text>,
        duration_ms -> BigInt,
        token_id -> Text,
        provider -> Text,
        shape -> Text,
        habits -> Text,
    }
}

diesel::table! {
    brake_counts (account_id, resource_id) {
        account_id -> Text,
        resource_id -> Text,
        counted_at -> BigInt,
    }
}

diesel::table! {
    bent_habits (account_id, provider, habit) {
        account_id -> Text,
        provider -> Text,
        habit -> Text,
        requests -> BigInt,
        first_at -> BigInt,
        last_at -> BigInt,
    }
}

diesel::table! {
    brake_holds (op_id) {
        op_id -> BigInt,
        account_id -> Text,
        held_at -> BigInt,
    }
}

diesel::table! {
    recorders (account_id) {
        account_id -> Text,
        started_at -> BigInt,
        until -> BigInt,
        most -> Integer,
    }
}

diesel::table! {
    drift (account_id, concur_user_id) {
        account_id -> Text,
        concur_user_id -> Text,
        resource_id -> Nullable<Text>,
        kind -> Text,
        details -> Text,
        op_id -> Nullable<BigInt>,
        found_at -> BigInt,
        seen_at -> BigInt,
    }
}

diesel::table! {
    reconcile_seen (account_id, concur_user_id) {
        account_id -> Text,
        concur_user_id -> Text,
        seen_at -> BigInt,
    }
}

diesel::table! {
    drift_watches (chain_id) {
        chain_id -> Text,
        account_id -> Text,
        since -> BigInt,
        looks -> Integer,
        due_at -> BigInt,
    }
}

diesel::table! {
    recordings (recording_id) {
        recording_id -> Text,
        account_id -> Text,
        at -> BigInt,
        method -> Text,
        route -> Text,
        status -> Integer,
        sealed -> Binary,
    }
}

diesel::table! {
    installation (one) {
        one -> Integer,
        installation_id -> Text,
        generation -> BigInt,
        place -> Text,
        seen_at -> BigInt,
        held_at -> Nullable<BigInt>,
        held_reason -> Nullable<Text>,
    }
}

diesel::table! {
    approvers (resource_id) {
        resource_id -> Text,
        account_id -> Text,
        approver -> Text,
        updated_at -> BigInt,
    }
}

diesel::table! {
    employee_forms (account_id) {
        account_id -> Text,
        fields -> Text,
        read_at -> BigInt,
    }
}

diesel::table! {
    webhooks (webhook_id) {
        webhook_id -> Text,
        account_id -> Text,
        url -> Text,
        topics -> Text,
        secret -> Binary,
        created_at -> BigInt,
        disabled_at -> Nullable<BigInt>,
        disabled_reason -> Nullable<Text>,
        told_change -> BigInt,
        told_at -> BigInt,
    }
}

diesel::table! {
    webhook_messages (message_id) {
        message_id -> Text,
        webhook_id -> Text,
        account_id -> Text,
        topic -> Text,
        body -> Text,
        state -> Text,
        attempts -> Integer,
        due_at -> BigInt,
        created_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        status -> Nullable<Integer>,
        error -> Nullable<Text>,
    }
}

diesel::joinable!(webhook_messages -> webhooks (webhook_id));
diesel::allow_tables_to_appear_in_same_query!(webhooks, webhook_messages, line_heads);
diesel::joinable!(operation_details -> operations (op_id));
diesel::joinable!(brake_holds -> operations (op_id));
diesel::joinable!(chains -> resources (resource_id));
diesel::joinable!(line_texts -> lines (line_no));
diesel::joinable!(matches -> lines (line_no));
diesel::joinable!(past_matches -> lines (line_no));
diesel::joinable!(line_raw -> lines (line_no));
diesel::joinable!(line_changes -> lines (line_no));
diesel::joinable!(import_ranges -> imports (import_id));
diesel::joinable!(links -> resources (resource_id));
diesel::joinable!(approvers -> resources (resource_id));
diesel::joinable!(token_issuers -> tokens (token_id));
diesel::joinable!(resource_emails -> resources (resource_id));

diesel::allow_tables_to_appear_in_same_query!(operations, operation_details, brake_holds, resources);
diesel::allow_tables_to_appear_in_same_query!(
    lines,
    line_texts,
    line_raw,
    line_changes,
    matches,
    past_matches
);
diesel::allow_tables_to_appear_in_same_query!(imports, import_ranges);
diesel::allow_tables_to_appear_in_same_query!(approvers, resources);
diesel::allow_tables_to_appear_in_same_query!(reports, users);
diesel::allow_tables_to_appear_in_same_query!(tokens, token_issuers);
diesel::allow_tables_to_appear_in_same_query!(
    resources,
    chains,
    links,
    resource_emails,
    catalogue_groups,
    group_members,
    reconcile_seen
);

diesel::table! {
    replaced_accounts (account_id) {
        account_id -> Text,
        name -> Text,
        replaced_by -> Text,
        replaced_at -> BigInt,
        paused_at -> Nullable<BigInt>,
        paused_reason -> Nullable<Text>,
    }
}

diesel::table! {
    account_leases (account_id, chore) {
        account_id -> Text,
        chore -> Text,
        owner -> Text,
        until -> BigInt,
    }
}

diesel::table! {
    delivery_workers (owner) {
        owner -> Text,
        beats -> BigInt,
    }
}

diesel::table! {
    event_listeners (account_id) {
        account_id -> Text,
        address_no -> BigInt,
        subscribed_at -> BigInt,
        alive_at -> BigInt,
        checked_at -> Nullable<BigInt>,
        trouble -> Nullable<Text>,
        gap_from -> Nullable<BigInt>,
        gap_to -> Nullable<BigInt>,
        gap_closed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    event_subscriptions (account_id, topic) {
        account_id -> Text,
        topic -> Text,
        subscription_id -> Text,
    }
}

diesel::table! {
    events (account_id, event_id) {
        account_id -> Text,
        event_id -> Text,
        topic -> Text,
        event_type -> Text,
        subject -> Nullable<Text>,
        happened_at -> Nullable<BigInt>,
        received_at -> BigInt,
    }
}

diesel::table! {
    event_counts (account_id, outcome) {
        account_id -> Text,
        outcome -> Text,
        events -> BigInt,
        last_at -> BigInt,
    }
}

diesel::table! {
    touched_reports (account_id, report_id) {
        account_id -> Text,
        report_id -> Text,
        owner_id -> Nullable<Text>,
        deleted -> Bool,
        first_at -> BigInt,
        last_at -> BigInt,
        due_at -> BigInt,
        tries -> Integer,
    }
}
