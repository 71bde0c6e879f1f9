using System.Globalization;

namespace Lockstep.Import.ServerFull;

/// <summary>
/// What the options of an old installation are called here, one table for all of them. An option that the table does not know is named as one without a counterpart, so that nothing that was set is
/// left out silently.
/// </summary>
/// <remarks>Origin: the options that server-core, server-reg, server-storage and server-full read, and those of their <c>etc/sync.conf</c>.</remarks>
public static class SettingsTranslation
{
    private const int MinSecretLength = 32;
    private const int MinPostBytes = 256 << 10;

    private static readonly Dictionary<string, string> Nothing = new(StringComparer.Ordinal)
    {
        ["global.retry_after"] = "Answers of 503 say by themselves when to come again.",
        ["global.heartbeat_page"] = "Health is at /__lbheartbeat__ and /__heartbeat__ below /v1, and at /health/ready.",
        ["global.debug_page"] = "There is no such page.",
        ["global.clean_shutdown"] = "A server that is told to stop answers what it has begun; ShutdownTimeout bounds that.",
        ["global.graceful_shutdown_interval"] = "See Http:DrainTime.",
        ["global.hard_shutdown_interval"] = "See ShutdownTimeout.",
        ["storage.sqluri"] = "Where data comes from: 'server-full import' reads it. Here it lies in DataDirectory, or in Postgres:Connection.",
        ["storage.standard_collections"] = "'server-full import' reads it.",
        ["storage.fixed_collections"] = "'server-full import' reads it.",
        ["storage.shard"] = "'server-full import' finds the tables by itself.",
        ["storage.shardsize"] = "'server-full import' finds the tables by itself.",
        ["storage.display_config"] = "The old server did not read it either.",
        ["storage.create_tables"] = "Tables are made at the first start.",
        ["storage.batch_size"] = "It was the rows of one statement.",
        ["storage.cache_servers"] = "There is no memcached.",
        ["storage.check_node_status"] = "There is no memcached. See Sync11:Backoff.",
        ["storage.check_blacklisted_nodes"] = "There is no memcached. See Sync11:Backoff.",
        ["auth.sqluri"] = "Where users come from: 'server-full import' reads it.",
        ["auth.create_tables"] = "Tables are made at the first start.",
        ["auth.check_account_state"] = "Users whose accountStatus is not 1 are not imported.",
        ["auth.check_node"] = "There is one node, Http:PublicUrl.",
        ["captcha.use"] = "No question is put to new users. See Sync11:Captcha:Enabled.",
        ["captcha.public_key"] = "The service that it was for is gone.",
        ["captcha.private_key"] = "The service that it was for is gone.",
        ["captcha.use_ssl"] = "The service that it was for is gone.",
        ["reset_codes.backend"] = "Codes for a new password need no table of their own.",
        ["reset_codes.sqluri"] = "Codes for a new password need no table of their own.",
        ["reset_codes.create_tables"] = "Codes for a new password need no table of their own.",
        ["reset_codes.expiration"] = "Codes are good for six hours.",
        ["cef.version"] = "It is the version of the format, 0.",
        ["cef.syslog.options"] = "There are none: the process's number is in each line.",
        ["app.modules"] = "See the measurements in docs/operations/monitoring.md.",
        ["server:main.use"] = "The program is its own web server.",
        ["server:main.workers"] = "One process uses all processors.",
        ["server:main.timeout"] = "See Http:AnswerStallTime.",
        ["app:main.use"] = "The program is its own application.",
        ["default.extends"] = "The file was read.",
    };

    /// <summary>Settings of a pool of connections: here there is nothing to set but <c>Postgres:MaxConnections</c>.</summary>
    private static readonly string[] Pool = ["pool_size", "pool_recycle", "reset_on_return", "pool_max_overflow", "pool_max_backlog", "pool_timeout", "no_pool", "use_shared_pool", "echo_pool"];

    // The instructions said the latter, the server read the former.
    private static readonly string[] UserOptions = ["user", "username"];

    /// <param name="conf">The old settings.</param>
    /// <returns>First the settings here, then what has none.</returns>
    public static IReadOnlyList<TranslatedOption> Of(SyncConf conf)
    {
        var (found, known) = (new List<TranslatedOption>(), new HashSet<string>(StringComparer.Ordinal));

        // :: Step 1: what has a counterpart.
        Set("server-full", "Sync11:Enabled", "true");
        Users(conf, Set);
        Node(conf, Set);
        Listening(conf, Set);
        Limits(conf, Set);
        Mail(conf, Set);
        Audit(conf, Set);

        // :: Step 2: all others, by name.
        foreach (var (section, option, value) in conf.All)
        {
            var origin = $"{section}.{option}";
            if (known.Contains(origin) || IsOfLogging(section) || origin == "app:main.configuration")
            {
                continue;
            }

            found.Add(new TranslatedOption(
                origin, null, null,
                Backend(origin, value)
                ?? Nothing.GetValueOrDefault(origin)
                ?? (section is "storage" or "auth" or "reset_codes" && Pool.Contains(option) ? "It was about the pool of connections. See Postgres:MaxConnections."
                    : section == "cef" ? "The audit log is off. See Audit:Cef."
                    : section.StartsWith("host:", StringComparison.Ordinal) ? "One server has the same settings for all names. Run a second one for the other name."
                    : section.StartsWith("metlog", StringComparison.Ordinal) ? Nothing["app.modules"]
                    : "It has no counterpart.")));
        }

        if (conf.All.Any(static value => IsOfLogging(value.Section)))
        {
            found.Add(new TranslatedOption("loggers, handlers, formatters", null, null, "Lines go to standard output, and from there to the journal or a file. See Logging in appsettings.json, and LogFormat."));
        }

        return [.. found.OrderBy(static option => option.Setting is null)];

        void Set(string origin, string? setting, string? value, string remark = "")
        {
            known.Add(origin);
            found.Add(new TranslatedOption(origin, setting, value, remark));
        }
    }

    private delegate void Add(string origin, string? setting, string? value, string remark = "");

    private static void Users(SyncConf conf, Add set)
    {
        set("auth.allow_new_users", "Sync11:Registration", conf.IsTrue("auth", "allow_new_users", otherwise: true) ? "Open" : "Closed",
            conf.Get("auth", "allow_new_users") is null ? "It was not set, and true by default: everybody who reaches the server makes an account. Closed and Invitation are the others." : "");
        if (conf.IsTrue("captcha", "use", otherwise: false))
        {
            set("captcha.use", "Sync11:Captcha:Enabled", "true", "The service that it asked is gone: a question of this server's own is put to new users instead.");
        }

        if (conf.Get("auth", "strict_usernames") is not null)
        {
            set("auth.strict_usernames", "Sync11:StrictUsernames", conf.IsTrue("auth", "strict_usernames", otherwise: true) ? "true" : "false");
        }

        if (conf.Get("global", "shared_secret") is { Length: > 0 } secret)
        {
            var isLong = secret.Length >= MinSecretLength;
            set("global.shared_secret", isLong ? "Sync11:SharedSecret" : null, isLong ? secret : null, isLong ? "" : $"Sync11:SharedSecret has at least {MinSecretLength} characters. Make one with: openssl rand -hex 32");
        }
    }

    private static void Node(SyncConf conf, Add set)
    {
        if (conf.Get("nodes", "fallback_node") is not { Length: > 0 } node)
        {
            return;
        }

        var url = (node.StartsWith("http", StringComparison.OrdinalIgnoreCase) ? node : "https://" + node).TrimEnd('/');
        set("nodes.fallback_node", "Http:PublicUrl", url, url.StartsWith("http:", StringComparison.OrdinalIgnoreCase) ? "Clients send their passwords to it with each request, and nothing encrypts them: put TLS in front, and https here." : "");
    }

    private static void Listening(SyncConf conf, Add set)
    {
        const string server = "server:main";
        if (conf.Get(server, "host") is not { Length: > 0 } host)
        {
            return;
        }

        var isSocket = host.StartsWith("unix:", StringComparison.Ordinal);
        if (isSocket)
        {
            var path = host["unix:".Length..];
            set(
                $"{server}.host", "Urls", $"http://unix:{(path.StartsWith('/') ? path : "/run/lockstep/" + Path.GetFileName(path))}",
                path.StartsWith('/') ? "" : "A socket has a whole path here.");
        }
        else
        {
            var port = conf.Number(server, "port") ?? 5000;
            set($"{server}.host", "Urls", string.Create(CultureInfo.InvariantCulture, $"http://{(host is "0.0.0.0" ? "*" : host)}:{port}"));
        }

        if (conf.Get(server, "port") is not null)
        {
            set($"{server}.port", null, null, isSocket ? "A socket has no port." : "It is in Urls.");
        }

        if (isSocket || host is "127.0.0.1" or "localhost")
        {
            // Not by itself: a header that the proxy does not set comes from the client, who could say anything.
            set(
                $"{server}.host", null, null,
                "A proxy in front says where requests come from, in a header that it sets on each request. Where that is X-Forwarded-For, set LOCKSTEP_HTTP__TRUSTED_PROXIES=127.0.0.1. "
                + "Where it is X-Real-IP alone, set LOCKSTEP_HTTP__FORWARDED_FOR_HEADER=X-Real-IP as well. Until then all clients are one.");
        }
    }

    private static void Limits(SyncConf conf, Add set)
    {
        if (conf.Get("storage", "use_quota") is not null || conf.Get("storage", "quota_size") is not null)
        {
            var kilobytes = conf.IsTrue("storage", "use_quota", otherwise: false) ? conf.Number("storage", "quota_size") ?? 0 : 0;
            set("storage.quota_size", "Sync11:QuotaBytes", (kilobytes * 1024).ToString(CultureInfo.InvariantCulture), "quota_size was kilobytes. 0 is no limit.");
            set("storage.use_quota", null, null, "It is in Sync11:QuotaBytes.");
        }

        if (conf.Number("storage", "batch_max_count") is { } count)
        {
            set("storage.batch_max_count", "Sync11:MaxPostRecords", Math.Max(1, count).ToString(CultureInfo.InvariantCulture));
        }

        if (conf.Number("storage", "batch_max_bytes") is { } bytes)
        {
            set("storage.batch_max_bytes", "Sync11:MaxPostBytes", Math.Max(MinPostBytes, bytes).ToString(CultureInfo.InvariantCulture), bytes < MinPostBytes ? "It is no less than Sync11:MaxRecordPayloadBytes." : "");
        }
    }

    private static void Mail(SyncConf conf, Add set)
    {
        const string smtp = "FirefoxAccounts:Smtp";
        if (conf.Get("smtp", "host") is not { Length: > 0 } host)
        {
            return;
        }

        var isOwn = host is "localhost" or "127.0.0.1" or "::1";
        set("smtp.host", $"{smtp}:Host", host);
        set("smtp.host", $"{smtp}:Security", isOwn ? "none" : "starttls", isOwn ? "" : "The old server encrypted nothing on the way to another machine. Use none only where that cannot be helped.");
        set("smtp.port", $"{smtp}:Port", (conf.Number("smtp", "port") ?? 25).ToString(CultureInfo.InvariantCulture));
        if (conf.Get("smtp", "sender") is { Length: > 0 } sender)
        {
            set("smtp.sender", $"{smtp}:From", sender);
        }

        foreach (var option in UserOptions.Where(option => conf.Get("smtp", option) is { Length: > 0 }))
        {
            set($"smtp.{option}", $"{smtp}:User", conf.Get("smtp", option));
        }

        if (conf.Get("smtp", "password") is { Length: > 0 } password)
        {
            set("smtp.password", $"{smtp}:Password", password);
        }
    }

    private static void Audit(SyncConf conf, Add set)
    {
        if (!conf.IsTrue("cef", "use", otherwise: false))
        {
            return;
        }

        var file = conf.Get("cef", "file") ?? "syslog";
        set("cef.file", "Audit:Cef", file is "syslog" ? file : Path.GetFullPath(file));
        set("cef.use", null, null, "It is in Audit:Cef.");
        foreach (var (option, setting) in new[] { ("vendor", "Vendor"), ("product", "Product"), ("device_version", "DeviceVersion"), ("syslog.facility", "Facility"), ("syslog.priority", "Priority") })
        {
            if (conf.Get("cef", option) is { Length: > 0 } value)
            {
                set($"cef.{option}", $"Audit:{setting}", option.StartsWith("syslog.", StringComparison.Ordinal) ? value.ToLowerInvariant() : value);
            }
        }
    }

    private static string? Backend(string origin, string value) => origin switch
    {
        "storage.backend" => value.Contains("SQLStorage", StringComparison.Ordinal)
            ? "Records lie in SQLite, or in PostgreSQL where Postgres:Connection is set."
            : $"'{value}' kept records where 'server-full import' cannot read them.",
        "auth.backend" => value.EndsWith("SQLUser", StringComparison.Ordinal)
            ? "Users lie with the records."
            : $"'{value}' kept users where 'server-full import' cannot read them: it reads the table of services.user.sql.SQLUser.",
        _ => null,
    };

    private static bool IsOfLogging(string section) =>
        section is "loggers" or "handlers" or "formatters"
        || section.StartsWith("logger_", StringComparison.Ordinal) || section.StartsWith("handler_", StringComparison.Ordinal) || section.StartsWith("formatter_", StringComparison.Ordinal);
}
