using System.Collections.Concurrent;
using System.Globalization;
using Lockstep.Gateway.Protocol;
using Microsoft.Extensions.Logging;

namespace Lockstep.Gateway.FirefoxAccounts.Tests;

/// <summary>Requests of nonsense, and such as are nearly right: each is answered in the protocol's shape, and none with a fault of the server.</summary>
public sealed class FuzzTests
{
    private const int Workers = 4;
    private const int NotNow = 201;
    private const int NoMail = 202;

    private static readonly int Requests = int.Parse(Environment.GetEnvironmentVariable("LOCKSTEP_TEST_REQUESTS") ?? "4000", CultureInfo.InvariantCulture);
    private static readonly int Seed = int.Parse(Environment.GetEnvironmentVariable("LOCKSTEP_TEST_SEED") ?? Random.Shared.Next().ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    [Fact]
    public async Task Nonsense_IsAnsweredInShape_AndNeverWithAFault()
    {
        // Who asks too often for addresses that are taken would make no account for the next requests.
        var server = await AccountsServer.StartAsync(static options => options with { Accounts = options.Accounts with { MaxFailures = 100_000 } });
        using var log = LogWatch.On(server.Services);
        var done = 0;
        var answers = new ConcurrentBag<FuzzedAnswer>();
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(async worker =>
        {
            using var fuzzer = new AccountFuzzer(server, Seed + worker);
            while (Interlocked.Increment(ref done) <= Requests)
            {
                var answer = await fuzzer.SendAsync();
                AssertInShape(answer);
                answers.Add(answer with { Said = "" });
            }
        }));

        Assert.Empty(log.Above(LogLevel.Information));
        Assert.DoesNotContain(log.Above(LogLevel.Trace), static line => line.Contains("Exception", StringComparison.Ordinal));

        // It gets further than to the door: things are done, and each kind of refusal is met.
        var reached = answers.Where(static answer => answer.Status == 200).Select(static answer => answer.Template).Distinct().Count();
        Assert.True(reached >= 30, $"Seed {Seed}: {reached} endpoints have done something.");
        Assert.Superset(new HashSet<int> { 200, 400, 401, 405 }, answers.Select(static answer => answer.Status).ToHashSet());
        Assert.InRange(answers.Count(static answer => answer.Status == 503 && answer.Errno == NotNow), 0, Requests / 100);
        await server.DisposeAsync();
    }

    private static void AssertInShape(FuzzedAnswer answer)
    {
        var isMeant = answer.Status < 500
            || (answer is { Status: 503, Errno: NoMail, Template: "/v1/password/forgot/send_otp" or "/v1/session/resend_code" })
            || (answer is { Status: 503, Errno: NotNow, SaysWhen: true });
        Assert.True(isMeant && (answer.Status < 400 || answer.IsInShape), $"Seed {Seed}: {answer.Said}");
    }
}
