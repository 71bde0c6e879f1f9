using System.Collections.Concurrent;
using System.Diagnostics;

namespace Lockstep.Hostile;

/// <summary>Somebody who writes, reads and polls as an app does, with a device now and then that signs in for the first time.</summary>
internal sealed class GoodUser(Uri server)
{
    // Each is a password hash for the account, and one for the sign-in. A user acts three times in the long form, and twice in the short one.
    private static readonly int DevicesAtOnce = RunSettings.IsLong ? 6 : 3;
    private static readonly int Devices = (RunSettings.IsLong ? 3 : 2) * DevicesAtOnce;

    private readonly Queue<string> newcomers = new(Enumerable.Range(0, Devices).Select(static i => $"good{i}"));

    public async Task RegisterAsync()
    {
        foreach (var name in newcomers.Append("good"))
        {
            using var person = new Person(server, name);
            await person.RegisterAsync();
        }

        using var good = new Person(server, "good");
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(201, await good.SendAsync("PUT", $"{Person.Records}/r{i}", """{"data":{"a":1}}"""));
        }
    }

    /// <summary>Acts until the time is over, and through what it is then at.</summary>
    public async Task<Measured> ActAsync(TimeSpan duration)
    {
        using var good = new Person(server, "good");
        using var nobody = new Person(server);
        Assert.Equal(200, await good.SendAsync("GET", Person.Records));
        var (took, signedIn, errors) = (new List<double>(), new List<double>(), new ConcurrentDictionary<string, int>(StringComparer.Ordinal));
        var begun = Stopwatch.GetTimestamp();
        for (var round = 0; Stopwatch.GetElapsedTime(begun) < duration; round++)
        {
            await TimedAsync(took, good, "PUT", $"{Person.Records}/r{round % 10}", $$$"""{"data":{"a":{{{round}}}}}""");
            await TimedAsync(took, good, "GET", $"{Person.Records}/r{round % 10}");
            await TimedAsync(took, good, "GET", Person.Records);
            await TimedAsync(took, nobody, "GET", "/v1/");
            if (signedIn.Count < DevicesAtOnce && Stopwatch.GetElapsedTime(begun) >= duration * signedIn.Count / DevicesAtOnce)
            {
                using var newcomer = new Person(server, newcomers.Dequeue());
                await TimedAsync(signedIn, newcomer, "GET", "/v1/buckets/default/collections");
            }
        }

        took.Sort();
        return new Measured(took.Count + signedIn.Count, took[took.Count / 2], took[took.Count * 99 / 100], signedIn.Max(), errors);

        async Task TimedAsync(List<double> into, Person person, string method, string path, string? body = null)
        {
            var start = Stopwatch.GetTimestamp();
            var status = await person.SendAsync(method, path, body);
            into.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            if (status != 200)
            {
                errors.AddOrUpdate($"{status} to {method} {path.Split('?')[0].TrimEnd("0123456789".ToCharArray())}", 1, static (_, count) => count + 1);
            }
        }
    }
}
