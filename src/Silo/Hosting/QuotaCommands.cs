using System.Globalization;
using Lockstep.Core.Quotas;
using Lockstep.Core.Time;

namespace Lockstep.Silo.Hosting;

/// <summary><c>quota set|remove|list</c>: what users, buckets and collections may hold, beside a running server or without one.</summary>
internal static class QuotaCommands
{
    public const string Help =
        """
        quota set SUBJECT BYTES|default RECORDS|default
                               sets what a user (account:alice), a bucket (/buckets/team, a personal one /buckets/u:ID) or a
                               collection (/buckets/team/collections/log) of Kinto may hold: 0 for no limit, default for
                               what the settings say; running servers go by it within Buckets:Quotas:RefreshTime (5 seconds)
        quota remove SUBJECT   takes that back: what the settings say holds again
        quota list             lists what was set: subject, bytes, records
        """;

    private const string UserPrefix = "/users/";

    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, LockstepOptions options, TextWriter output)
    {
        if (Read(arguments) is not { } run)
        {
            output.WriteLine(Help);
            return 2;
        }

        await using var storage = await ServerStorage.OpenAsync(options, exclusive: false, fault => output.WriteLine(fault.Message));
        var (code, line) = await run(storage.Quotas, output);
        if (line.Length > 0)
        {
            output.WriteLine(line);
        }

        return code;
    }

    private static Func<IQuotaStore, TextWriter, Task<(int Code, string Line)>>? Read(IReadOnlyList<string> arguments) => arguments switch
    {
        ["set", var text, var bytes, var records] when Subject(text) is { } subject && TryRead(bytes, out var most) && TryRead(records, out var count) && (most ?? count) is not null =>
            (store, _) => SetAsync(store, new Quota(subject, most, count)),
        ["remove", var text] when Subject(text) is { } subject => (store, _) => RemoveAsync(store, subject),
        ["list"] => ListAsync,
        _ => null,
    };

    private static async Task<(int Code, string Line)> SetAsync(IQuotaStore store, Quota quota)
    {
        while (true)
        {
            var read = await store.FindAsync(quota.Subject, CancellationToken.None);
            var (change, _) = await store.PutAsync(quota, read, Quota.Most, ServerTimestamp.Now(TimeProvider.System), CancellationToken.None);
            if (change != QuotaChange.ReadAgain)
            {
                return change == QuotaChange.Full
                    ? (1, string.Create(CultureInfo.InvariantCulture, $"There are {Quota.Most} quotas already. Remove some, or set Buckets:Quotas for all."))
                    : (0, $"{Name(quota.Subject)} may hold {Text(quota.Bytes, "bytes")} and {Text(quota.Records, "records")}.");
            }
        }
    }

    private static async Task<(int Code, string Line)> RemoveAsync(IQuotaStore store, QuotaSubject subject)
    {
        while (await store.FindAsync(subject, CancellationToken.None) is { } read)
        {
            if (await store.RemoveAsync(read, ServerTimestamp.Now(TimeProvider.System), CancellationToken.None) is not null)
            {
                return (0, $"{Name(subject)} may hold what the settings say.");
            }
        }

        return (1, $"No quota is set for {Name(subject)}.");
    }

    private static async Task<(int Code, string Line)> ListAsync(IQuotaStore store, TextWriter output)
    {
        foreach (var quota in (await store.ListAsync(CancellationToken.None)).Quotas)
        {
            output.WriteLine($"{Name(quota.Subject)} {Text(quota.Bytes, "bytes")} {Text(quota.Records, "records")}");
        }

        return (0, "");
    }

    private static QuotaSubject? Subject(string text) => QuotaSubject.Parse(text.StartsWith('/') ? text : UserPrefix + text);

    private static string Name(QuotaSubject subject) => subject.User ?? subject.Text;

    private static string Text(long? number, string of) => number switch
    {
        null => $"default {of}",
        0 => $"unlimited {of}",
        _ => string.Create(CultureInfo.InvariantCulture, $"{number} {of}"),
    };

    private static bool TryRead(string text, out long? number)
    {
        number = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;
        return number is not null || text is "default";
    }
}
