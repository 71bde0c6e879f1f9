using System.Net;
using System.Net.Sockets;
using System.Text;
using Lockstep.Gateway.Sync11.Tests;
using Lockstep.Testing;

namespace Lockstep.EndToEnd;

/// <summary>What systemd does with a service: it passes sockets that it listens on itself, and tells it to take over its settings.</summary>
public sealed class SystemdTests : IAsyncLifetime
{
    private const string Password = "a good password";

    /// <summary>
    /// Does with a server what systemd does where a socket unit belongs to it and <c>Restart=always</c> is set: it listens on a port and on a unix socket, passes both, and passes SIGHUP and SIGTERM on. Ended by SIGHUP, the
    /// server is started anew, here with the next SIGHUP. It ends with this program, however that ends.
    /// </summary>
    private const string Systemd =
        """
        use strict; use IO::Socket::INET; use IO::Socket::UNIX; use POSIX ();
        $| = 1;
        my ($port, $path) = splice @ARGV, 0, 2;
        my $tcp = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 64, ReuseAddr => 1) or die "port: $!";
        my $unix = IO::Socket::UNIX->new(Local => $path, Listen => 64) or die "path: $!";
        my @high = map { fcntl($_, POSIX::F_DUPFD(), 10) or die $! } ($tcp, $unix);
        close $tcp; close $unix;
        POSIX::dup2($high[$_], 3 + $_) for (0, 1);
        POSIX::close($_) for @high;
        my ($server, $next, $last) = (0, 0, 0);
        $SIG{HUP} = sub { if ($server) { kill 'HUP', $server } else { $next = 1 } };
        $SIG{TERM} = sub { $last = 1; kill 'TERM', $server if $server };
        while (!$last) {
            $server = fork() // die $!;
            if (!$server) {
                ($ENV{LISTEN_FDS}, $ENV{LISTEN_PID}) = (2, $$);
                exec 'setpriv', '--pdeathsig', 'KILL', @ARGV or die $!;
            }
            my $ended = 0;
            $ended = waitpid($server, 0) until $ended == $server;
            $server = 0;
            print "the server has ended with $?\n";
            select(undef, undef, undef, 0.05) until $next || $last;
            $next = 0;
        }
        """;

    private readonly TemporaryDirectory run = new();
    private readonly int port = FreePorts.Take(1)[0];
    private TestStorage storage = null!;

    private string Socket => Path.Combine(run.Path, "lockstep.sock");

    private Uri Address => new($"http://127.0.0.1:{port}");

    public async Task InitializeAsync() => storage = await TestStorage.CreateAsync();

    public async Task DisposeAsync()
    {
        await storage.DisposeAsync();
        run.Dispose();
    }

    [Fact]
    public async Task Sockets_ThatArePassed_AreServed_AndWhatConnectsBetweenReloadAndStart_Waits()
    {
        // What the settings say of where to listen does not count then.
        string[] settings = ["--sync11:enabled", "true", "--sync11:registration", "open", "--urls", "http://127.0.0.1:1"];
        var (server, address) = await ServerProcess.StartAsync(storage, settings, ["perl", "-e", Systemd, $"{port}", Socket]);
        using (server)
        {
            Assert.Equal(Address, address);
            using var user = new WeaveClient(Address, WeaveClient.NameOf("ann@example.org"), Password) { Email = "ann@example.org" };
            (await user.SignUpAsync()).AssertOk();
            (await user.PutAsync("/storage/bookmarks/a", WeaveClient.Wbo("a", "x"))).AssertWritten();
            Assert.EndsWith("\r\n1", await AskAsync(new UnixDomainSocketEndPoint(Socket), $"/user/1.0/{user.Name}"), StringComparison.Ordinal);

            server.HangUp();
            await server.SaysAsync("the server has ended with 0");
            var waiting = Task.WhenAll(AskAsync(new IPEndPoint(IPAddress.Loopback, port), $"/user/1.0/{user.Name}"), AskAsync(new UnixDomainSocketEndPoint(Socket), $"/user/1.0/{user.Name}"));
            server.HangUp();

            Assert.All(await waiting, static answer => Assert.EndsWith("\r\n1", answer, StringComparison.Ordinal));
            Assert.Equal("x", (await user.GetAsync("/storage/bookmarks/a")).AssertOk().Json.GetProperty("payload").GetString());
            server.Terminate();
            Assert.Equal(0, await server.EndAsync());
        }
    }

    [SystemdFact]
    public async Task Socket_OfSystemdItself_StartsTheServer_WithTheFirstWhoConnects()
    {
        string[] variables = [.. storage.Environment.SelectMany(static variable => new[] { "-E", $"{variable.Key}={variable.Value}" })];
        using var server = ServerProcess.Start(
            ["--data-directory", storage.Directory, "--sync11:enabled", "true"], storage.Environment, [SystemdFactAttribute.SocketActivate, "--listen", $"127.0.0.1:{port}", .. variables]);
        await server.SaysAsync("Listening on");

        Assert.EndsWith("\r\n0", await AskAsync(new IPEndPoint(IPAddress.Loopback, port), "/user/1.0/a"), StringComparison.Ordinal);

        server.Terminate();
        Assert.Equal(0, await server.EndAsync());
        Assert.Contains($"Sync 1.1 at http://127.0.0.1:{port}/", server.Output, StringComparison.Ordinal);
    }

    [SystemdFact]
    public async Task Units_AreTakenBySystemd_AsTheyAre()
    {
        var log = Path.Combine(run.Path, "lockstep.service.d", "log-to-file.conf");
        Directory.CreateDirectory(Path.GetDirectoryName(log)!);
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Units", "log-to-file.conf"), log);

        await VerifyUnitsAsync("Units", "/usr/bin/dotnet /opt/lockstep/lockstep.dll");
    }

    [SystemdFact]
    public async Task UnitsOfThePackage_AreTakenBySystemd_AsTheyAre() => await VerifyUnitsAsync("PackageUnits", "/usr/lib/lockstep/lockstep");

    /// <summary>As of a datagram's socket, or a connection in place of a listener.</summary>
    [Fact]
    public async Task Socket_ThatTakesNoConnections_IsRefused_WithWhatToWrite()
    {
        using var server = ServerProcess.Start(
            ["--data-directory", storage.Directory], storage.Environment, ["perl", "-e", "$ENV{LISTEN_FDS} = 1; $ENV{LISTEN_PID} = $$; $^F = 9; open(my $file, '<', '/dev/null'); exec @ARGV"]);

        Assert.Equal(1, await server.EndAsync());
        Assert.Contains("Use ListenStream= and Accept=no in the socket unit.", server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hangup_WithoutSystemd_EndsTheServer_AsSigtermDoes()
    {
        // Whoever runs the tests may ignore it, which is passed on.
        var (server, _) = await ServerProcess.StartAsync(storage, prefix: ["env", "--default-signal=HUP"]);
        using (server)
        {
            server.HangUp();

            Assert.Equal(0, await server.EndAsync());
        }
    }

    [Fact]
    public async Task Hangup_WhereItIsIgnored_AsByNohup_EndsNothing()
    {
        var (server, address) = await ServerProcess.StartAsync(storage, prefix: ["sh", "-c", "trap '' HUP; exec \"$@\"", "sh"]);
        using (server)
        using (var http = new HttpClient())
        {
            server.HangUp();

            // It comes beside the first of these, if it comes; one that is stopping answers 503, and closes then.
            for (var i = 0; i < 20; i++)
            {
                Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri(address, "/v1/__lbheartbeat__"))).StatusCode);
            }

            server.Terminate();
            Assert.Equal(0, await server.EndAsync());
        }
    }

    /// <param name="folder">Where service and socket lie.</param>
    /// <param name="program">What the service starts. It does not lie here where it does on a server.</param>
    private async Task VerifyUnitsAsync(string folder, string program)
    {
        var units = Path.Combine(AppContext.BaseDirectory, folder);
        var (service, socket) = (Path.Combine(run.Path, "lockstep.service"), Path.Combine(run.Path, "lockstep.socket"));
        File.Copy(Path.Combine(units, "lockstep.socket"), socket);
        var text = await File.ReadAllTextAsync(Path.Combine(units, "lockstep.service"));
        Assert.Contains($"ExecStart={program}\n", text, StringComparison.Ordinal);
        await File.WriteAllTextAsync(service, text.Replace($"ExecStart={program}\n", "ExecStart=/bin/true\n", StringComparison.Ordinal));

        using var verify = new ProgramProcess([SystemdFactAttribute.Analyze, "verify", service, socket]);
        var code = await verify.EndAsync();

        // Of other units of the machine it may say something.
        Assert.Equal(0, code);
        Assert.DoesNotContain("lockstep", verify.Output, StringComparison.Ordinal);
    }

    /// <summary>Connects, asks, and waits for the whole answer.</summary>
    private static async Task<string> AskAsync(EndPoint address, string path)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(address);
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromMinutes(1));
    }
}
