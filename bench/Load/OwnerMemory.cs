using System.Globalization;

namespace Lockstep.Bench;

/// <summary>What owners take in the memory of silos: resident bytes with so many, less those before.</summary>
internal static class OwnerMemory
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    /// <param name="arguments">As <see cref="UserPolls.Parse"/> takes them; the port of the StatsD; users whose owners are in memory first, so that code and caches do not count; users in all;
    /// and for each silo its prefix and process: <c>silo1=4711</c>.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        var polls = UserPolls.Parse(arguments);
        using var owners = new OwnerCounts(Number(arguments[3]));
        var (few, all) = (Number(arguments[4]), Number(arguments[5]));
        var silos = arguments[6..].Select(static text => text.Split('=')).Select(static parts => (Name: parts[0], Process: Number(parts[1]))).ToList();

        await TouchAsync(polls, 0, few, cancellationToken);
        var before = await LookAsync(owners, silos, cancellationToken);
        await TouchAsync(polls, few, all - few, cancellationToken);
        var after = await LookAsync(owners, silos, cancellationToken);

        await Console.Out.WriteLineAsync("| Silo | owners before | owners after | resident before, MB | resident after, MB | bytes an owner |\n|---|--:|--:|--:|--:|--:|");
        foreach (var (name, first, then) in before.Zip(after, static (first, then) => (first.Name, first, then)))
        {
            await WriteAsync(name, first.Owners, then.Owners, first.Bytes, then.Bytes);
        }

        await WriteAsync("all", before.Sum(static one => one.Owners), after.Sum(static one => one.Owners), before.Sum(static one => one.Bytes), after.Sum(static one => one.Bytes));
    }

    private static Task WriteAsync(string name, long ownersBefore, long ownersAfter, long bytesBefore, long bytesAfter) => Console.Out.WriteLineAsync(string.Create(
        CultureInfo.InvariantCulture,
        $"| {name} | {ownersBefore:N0} | {ownersAfter:N0} | {bytesBefore / 1e6:N0} | {bytesAfter / 1e6:N0} | {(bytesAfter - bytesBefore) / (double)Math.Max(1, ownersAfter - ownersBefore):N0} |"));

    private static async Task TouchAsync(UserPolls polls, int first, int count, CancellationToken cancellationToken)
    {
        if (await polls.PollAsync(Enumerable.Range(first, count), static _ => { }, cancellationToken) is { Count: > 0 } failed)
        {
            throw new InvalidOperationException($"{failed.Count} polls of {count} failed, one with: {failed[0].Why}");
        }
    }

    private static async Task<IReadOnlyList<(string Name, long Owners, long Bytes)>> LookAsync(OwnerCounts owners, IReadOnlyList<(string Name, int Process)> silos, CancellationToken cancellationToken)
    {
        await OwnerCounts.HearAsync(cancellationToken);
        await Task.WhenAll(silos.Select(silo => new ServerProcess(new(0, 0), silo.Process, []).SettledBytesAsync(Limit, cancellationToken)));
        return [.. silos.Select(silo => (silo.Name, owners.Now.FirstOrDefault(one => one.Silo == silo.Name).Owners, ProcessMemory.ResidentBytes(silo.Process)))];
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
