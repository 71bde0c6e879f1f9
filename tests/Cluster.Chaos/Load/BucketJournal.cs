using System.Diagnostics;

namespace Lockstep.Cluster.Chaos.Load;

/// <summary>
/// All that clients were told of one bucket, which has one list of records. Checked as it comes in:
/// <list type="bullet">
/// <item>a stamp belongs to one write, and a write has one stamp (it was executed once);</item>
/// <item>a write that was sent after another one was acknowledged has a greater stamp;</item>
/// <item>what was refused is nowhere, and what was never sent neither;</item>
/// <item>what an answer shows is at most as old as the lease, counted from the acknowledgement of what it does not show to the
/// sending of its request. No delay anywhere makes that time longer for a server that keeps its promise.</item>
/// </list>
/// </summary>
internal sealed class BucketJournal(string owner, string bucket, Verdicts verdicts)
{
    private static readonly TimeSpan LeaseTime = TimeSpan.FromSeconds(3);
    private readonly Lock gate = new();
    private readonly Dictionary<string, WriteFate> sent = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> stamps = new(StringComparer.Ordinal);
    private readonly Dictionary<long, Version> versions = [];
    private readonly Dictionary<string, (long Stamp, string? Content)> acknowledged = new(StringComparer.Ordinal);
    private readonly HashSet<string> unknownDeletions = new(StringComparer.Ordinal);
    private readonly List<(long Returned, long Greatest)> history = [];
    private long greatest;
    private int writes;
    private long sentSoFar;

    public string Owner => owner;

    public string Bucket => bucket;

    public string Records => $"/v1/buckets/{bucket}/collections/chaos/records";

    /// <summary>Writes that were acknowledged so far.</summary>
    public int Acknowledged => Volatile.Read(ref writes);

    /// <returns>A content that no other write has.</returns>
    public string NewContent(string writer)
    {
        lock (gate)
        {
            var content = $"{owner}/{bucket}/{writer}/{++sentSoFar}";
            sent[content] = WriteFate.UnderWay;
            return content;
        }
    }

    /// <returns>The greatest stamp that was acknowledged so far: a write that is sent now gets a greater one.</returns>
    public long Floor()
    {
        lock (gate)
        {
            return greatest;
        }
    }

    /// <param name="id">The record.</param>
    /// <param name="content">What was written; null for a deletion.</param>
    /// <param name="answer">Its answer.</param>
    /// <param name="floor">What <see cref="Floor"/> said before it was sent.</param>
    public void Wrote(string id, string? content, Answer answer, long floor)
    {
        lock (gate)
        {
            if (answer.Fate is Fate.Answered && answer.IsSuccess)
            {
                var stamp = answer.Data.GetProperty("last_modified").GetInt64();
                verdicts.Check(stamp > floor, $"P2 {bucket}: {id} was given {stamp} after {floor} had been acknowledged");
                Settle(content, WriteFate.Acknowledged);
                Tie(stamp, id, content);
                if (!acknowledged.TryGetValue(id, out var before) || before.Stamp < stamp)
                {
                    acknowledged[id] = (stamp, content);
                }

                greatest = Math.Max(greatest, stamp);
                history.Add((Stopwatch.GetTimestamp(), greatest));
                Volatile.Write(ref writes, writes + 1);
            }
            else
            {
                Settle(content, answer.Fate is Fate.Unknown ? WriteFate.Unknown : WriteFate.NotStored);
                if (content is null && answer.Fate is Fate.Unknown)
                {
                    unknownDeletions.Add(id);
                }
            }
        }
    }

    /// <summary>Somebody saw a record.</summary>
    public void Saw(string id, string? content, long stamp)
    {
        lock (gate)
        {
            if (content is not null)
            {
                verdicts.Check(content.StartsWith($"{owner}/", StringComparison.Ordinal), $"P6 {owner} was shown {content}");
                verdicts.Check(sent.TryGetValue(content, out var fate), $"P4 {bucket}: {id} holds {content}, which nobody wrote");
                verdicts.Check(fate is not WriteFate.NotStored, $"P4 {bucket}: {id} holds {content}@{stamp}, whose writer was told that it was not stored");
            }

            Tie(stamp, id, content);
        }
    }

    /// <summary>An answer showed the list as it was at a stamp.</summary>
    public void SawList(long stamp, Answer answer, string reader)
    {
        lock (gate)
        {
            var oldest = answer.Invoked - (long)(LeaseTime.TotalSeconds * Stopwatch.Frequency);
            var last = history.FindLastIndex(entry => entry.Returned <= oldest);
            verdicts.Check(last < 0 || history[last].Greatest <= stamp, $"{bucket}: {reader} was shown {stamp} more than {LeaseTime} after {(last < 0 ? 0 : history[last].Greatest)} had been acknowledged");
        }
    }

    /// <summary>At the end: the stored records against what was acknowledged (P1) and what was not.</summary>
    public void CheckStored(IReadOnlyDictionary<string, (long Stamp, string? Content)> stored)
    {
        lock (gate)
        {
            foreach (var (id, write) in acknowledged)
            {
                if (!stored.TryGetValue(id, out var found) || found.Stamp < write.Stamp)
                {
                    verdicts.Violated($"P1 {bucket}: {id} = {write.Content ?? "deleted"}@{write.Stamp} was acknowledged, stored is {(stored.ContainsKey(id) ? $"{found.Content}@{found.Stamp}" : "nothing")}");
                }
                else if (found.Stamp > write.Stamp)
                {
                    verdicts.Check(MayBeThere(id, found.Content), $"P1 {bucket}: {id} = {write.Content ?? "deleted"}@{write.Stamp} was acknowledged, and {found.Content ?? "deleted"}@{found.Stamp} is there, which was not");
                }
            }

            foreach (var (id, found) in stored.Where(record => !acknowledged.ContainsKey(record.Key)))
            {
                verdicts.Check(MayBeThere(id, found.Content), $"P4 {bucket}: {id} = {found.Content ?? "deleted"}@{found.Stamp} is there, which was not acknowledged");
            }
        }
    }

    private bool MayBeThere(string id, string? content) =>
        content is null ? unknownDeletions.Contains(id) : sent.GetValueOrDefault(content, WriteFate.NotStored) is WriteFate.Unknown;

    private void Settle(string? content, WriteFate fate)
    {
        if (content is not null)
        {
            sent[content] = fate;
            verdicts.Check(fate is not WriteFate.NotStored || !stamps.ContainsKey(content), $"P4 {bucket}: {content} had been seen before its writer was told that it was not stored");
        }
    }

    private void Tie(long stamp, string id, string? content)
    {
        var version = new Version(id, content);
        verdicts.Check(versions.TryAdd(stamp, version) || versions[stamp] == version, $"P2 {bucket}: {stamp} is the stamp of {versions[stamp]} and of {version}");
        verdicts.Check(content is null || stamps.TryAdd(content, stamp) || stamps[content] == stamp, $"P4 {bucket}: {content} was executed twice, with {stamps.GetValueOrDefault(content ?? "")} and {stamp}");
    }
}
