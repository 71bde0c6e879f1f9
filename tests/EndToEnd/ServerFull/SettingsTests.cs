namespace Lockstep.EndToEnd.ServerFull;

/// <summary><c>server-full settings</c>: what an old sync.conf says, as settings of this server.</summary>
public sealed class SettingsTests : IDisposable
{
    // As instructions of 2013 had it, on MariaDB and port 5000.
    private const string Conf =
        """
        [captcha]
        use = true
        public_key = xxxxxxxxxxxxxxxxxxxxxxxx
        private_key = yyyyyyyyyyyyyyyyyyyyyyyy
        use_ssl = false

        [storage]
        backend = syncstorage.storage.sql.SQLStorage
        sqluri = mysql://firefox_sync:s3cr3t-of-the-database@localhost:3306/firefox_syncdb
        standard_collections = false
        use_quota = true
        quota_size = 5120
        pool_size = 100
        pool_recycle = 3600
        reset_on_return = true
        display_config = true
        create_tables = true

        [auth]
        backend = services.user.sql.SQLUser
        sqluri = mysql://firefox_sync:s3cr3t-of-the-database@localhost:3306/firefox_syncdb
        pool_size = 100
        pool_recycle = 3600
        create_tables = true
        # Uncomment the next line to disable creation of new user accounts.
        #allow_new_users = false

        [nodes]
        # You must set this to your client-visible server URL.
        fallback_node = http://firefoxsync.example.org:5000/

        [smtp]
        host = localhost
        port = 25
        sender = firefoxsync@example.org

        [cef]
        use = true
        file = syslog
        vendor = mozilla
        version = 0
        device_version = 1.3
        product = weave

        [unheard]
        of = this
        """;

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Conf_OfTheOldInstructions_IsTranslated_AndTheServerStartsWithIt()
    {
        var (code, output) = await RunAsync(("sync.conf", Conf));

        Assert.Equal(0, code);
        Assert.Equal(
            [
                "LOCKSTEP_AUDIT__CEF=syslog",
                "LOCKSTEP_AUDIT__DEVICE_VERSION=1.3",
                "LOCKSTEP_AUDIT__PRODUCT=weave",
                "LOCKSTEP_AUDIT__VENDOR=mozilla",
                "LOCKSTEP_FIREFOX_ACCOUNTS__SMTP__FROM=firefoxsync@example.org",
                "LOCKSTEP_FIREFOX_ACCOUNTS__SMTP__HOST=localhost",
                "LOCKSTEP_FIREFOX_ACCOUNTS__SMTP__PORT=25",
                "LOCKSTEP_FIREFOX_ACCOUNTS__SMTP__SECURITY=none",
                "LOCKSTEP_HTTP__PUBLIC_URL=http://firefoxsync.example.org:5000",
                "LOCKSTEP_SYNC11__CAPTCHA__ENABLED=true",
                "LOCKSTEP_SYNC11__ENABLED=true",
                "LOCKSTEP_SYNC11__QUOTA_BYTES=5242880",
                "LOCKSTEP_SYNC11__REGISTRATION=Open",
            ],
            Settings(output).Select(static setting => $"{setting.Key}={setting.Value}").Order(StringComparer.Ordinal));
        Assert.DoesNotContain("s3cr3t-of-the-database", output, StringComparison.Ordinal);
        var (server, _) = await ServerProcess.StartAsync(directory.Path, environment: Settings(output));
        server.Dispose();
    }

    [Fact]
    public async Task Options_ThatHaveNoCounterpart_AreAllNamed()
    {
        var (_, output) = await RunAsync(("sync.conf", Conf));

        var section = "";
        foreach (var line in Conf.Split('\n').Where(static line => line.Length > 0 && line[0] != '#'))
        {
            if (line[0] == '[')
            {
                section = line.Trim('[', ']');
            }
            else if (line.Split('=')[0].Trim() is var option && $"{section}.{option}" is not ("nodes.fallback_node" or "cef.file" or "cef.vendor" or "cef.product" or "cef.device_version" or "smtp.port" or "smtp.sender" or "smtp.host"))
            {
                Assert.Contains($"# {section}.{option}: ", output, StringComparison.Ordinal);
            }
        }

        Assert.Contains("# unheard.of: It has no counterpart.", output, StringComparison.Ordinal);
        Assert.Contains("# auth.allow_new_users: It was not set", output, StringComparison.Ordinal);
        Assert.Contains("# nodes.fallback_node: Clients send their passwords to it", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ini_ThatNamesAConf_OnASocket_WithAPrefix_IsReadWithIt()
    {
        var (code, output) = await RunAsync(
            ("development.ini", "[server:main]\nuse = egg:gunicorn#main\nhost = unix:syncserver.sock\nthreadpool_workers = 60\n[app:main]\nuse = egg:SyncServer\nconfiguration = file:%(here)s/etc/sync.conf\n[loggers]\nkeys = root\n"),
            (
                "etc/sync.conf",
                """
                [DEFAULT]
                extends = more.conf
                [auth]
                allow_new_users = FALSE
                strict_usernames: false
                [nodes]
                fallback_node = sync.example.org/sync/   ; what clients use
                [global]
                shared_secret = "a secret with $ and \" that is long enough"
                [storage]
                use_quota = false
                quota_size = 5120
                batch_max_count = 50
                batch_max_bytes = 1000
                """),
            ("etc/more.conf", "[auth]\nallow_new_users = true\n[smtp]\nhost = mail.example.org\nusername = sync\npassword = s3cr3t word\nsender = sync@example.org\n"));

        Assert.Equal(0, code);
        var settings = Settings(output);
        Assert.Equal("Closed", settings["LOCKSTEP_SYNC11__REGISTRATION"]);
        Assert.Equal("false", settings["LOCKSTEP_SYNC11__STRICT_USERNAMES"]);
        Assert.Equal("https://sync.example.org/sync", settings["LOCKSTEP_HTTP__PUBLIC_URL"]);
        Assert.Equal("""a secret with $ and \" that is long enough""", settings["LOCKSTEP_SYNC11__SHARED_SECRET"]);
        Assert.Equal(("0", "50", "262144"), (settings["LOCKSTEP_SYNC11__QUOTA_BYTES"], settings["LOCKSTEP_SYNC11__MAX_POST_RECORDS"], settings["LOCKSTEP_SYNC11__MAX_POST_BYTES"]));
        Assert.Equal("http://unix:/run/lockstep/syncserver.sock", settings["LOCKSTEP_URLS"]);

        // Which header the proxy sets nobody knows but who has set it up: what it does not set the client says.
        Assert.DoesNotContain("LOCKSTEP_HTTP__TRUSTED_PROXIES", settings.Keys);
        Assert.Contains("set LOCKSTEP_HTTP__TRUSTED_PROXIES=127.0.0.1.", output, StringComparison.Ordinal);
        Assert.Contains("set LOCKSTEP_HTTP__FORWARDED_FOR_HEADER=X-Real-IP as well", output, StringComparison.Ordinal);
        Assert.Equal(("mail.example.org", "sync", "s3cr3t word", "starttls"), (
            settings["LOCKSTEP_FIREFOX_ACCOUNTS__SMTP__HOST"], settings["LOCKSTEP_FIREFOX_ACCOUNTS__SMTP__USER"], settings["LOCKSTEP_FIREFOX_ACCOUNTS__SMTP__PASSWORD"], settings["LOCKSTEP_FIREFOX_ACCOUNTS__SMTP__SECURITY"]));
        Assert.Contains("# server:main.threadpool_workers: ", output, StringComparison.Ordinal);
        Assert.Contains("# loggers, handlers, formatters: ", output, StringComparison.Ordinal);

        settings["LOCKSTEP_URLS"] = "http://127.0.0.1:0";
        var (server, _) = await ServerProcess.StartAsync(directory.Path, environment: settings);
        server.Dispose();
    }

    [Fact]
    public async Task File_ThatIsNotThere_IsToldClearly()
    {
        var (code, output) = await ServerProcess.RunAsync(["server-full", "settings", Path.Combine(directory.Path, "none.conf")]);

        Assert.Equal(1, code);
        Assert.StartsWith($"Cannot read '{directory.Path}/none.conf'", output, StringComparison.Ordinal);
        Assert.Equal(2, (await ServerProcess.RunAsync(["server-full", "settings"])).Code);
        Assert.Equal(2, (await ServerProcess.RunAsync(["server-full", "fly"])).Code);
    }

    /// <summary>As a shell and systemd read them.</summary>
    private static Dictionary<string, string> Settings(string output) => output.Split('\n').Where(static line => line.StartsWith("LOCKSTEP_", StringComparison.Ordinal)).Select(static line => line.Split('=', 2)).ToDictionary(
        static line => line[0],
        static line => line[1] is ['"', .. var quoted, '"'] ? System.Text.RegularExpressions.Regex.Replace(quoted, @"\\(.)", "$1") : line[1],
        StringComparer.Ordinal);

    private async Task<(int Code, string Output)> RunAsync(params (string Name, string Text)[] files)
    {
        foreach (var (name, text) in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(directory.Path, name))!);
            await File.WriteAllTextAsync(Path.Combine(directory.Path, name), text);
        }

        return await ServerProcess.RunAsync(["server-full", "settings", Path.Combine(directory.Path, files[0].Name)]);
    }
}
