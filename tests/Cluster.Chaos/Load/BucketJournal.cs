using System.Diagnostics;

namespace Lockstep.Cluster.Chaos.Load;

/// <summary>
/// All that clients were told of one bucket, which has one list of records. Checked as it comes in:
/// <list type="bullet">
/// <item>a stamp belongs to one write, and a write has one stamp (it was executed once); a write may be of several records;</item>
/// <item>a write that was sent after another one was acknowledged has a greater stamp;</item>
/// <item>what was refused is nowhere, and what was never sent neither;</item>
/// <item>what an answer shows is at most as old as the lease, counted from the acknowledgement of what it does not show to the
/// sending of its request. No delay anywhere makes that time longer for a server that keeps its promise.</item>
/// </list>
/// </summary>
/// <param name="owner">The account.</param>
/// <param name="bucket">The bucket's name.</param>
/// <param name="records">Path of the list.</param>
/// <param name="hasTombstones">Whether readers are shown what was deleted.</param>
/// <param name="verdicts">Gets what is wrong.</param>
internal sealed class BucketJournal(string owner, string bucket, string records, bool hasTombstones, Verdicts verdicts)
{
    private const char PartMark = '#';
    private static readonly TimeSpan LeaseTime = TimeSpan.FromSeconds(3);
    private readonly Lock gate = new();
    private readonly Dictionary<string, WriteFate> sent = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> sizes = new(StringComparer.Ordinal);
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

    public string Records => records;

    /// <summary>Writes that were acknowledged so far.</summary>
    public int Acknowledged => Volatile.Read(ref writes);

    /// <param name="write">What <see cref="NewContent"/> gave to a write of several records.</param>
    /// <param name="part">Which of them.</param>
    public static string Part(string write, int part) => $"{write}{PartMark}{part}";

    /// <returns>The write that a content is a part of, as it was named; null when it has one record.</returns>
    public static string? WriteOf(string content) => content.IndexOf(PartMark, StringComparison.Ordinal) is >= 0 and var mark ? content[..mark] : null;

    /// <param name="writer">Who writes.</param>
    /// <param name="parts">Records that are written together; 0 for one that is written alone.</param>
    /// <returns>A content that no other write has; for several records what <see cref="Part"/> makes one of each of.</returns>
    public string NewContent(string writer, int parts = 0)
    {
        lock (gate)
        {
            var content = $"{owner}/{bucket}/{writer}/{++sentSoFar}";
            foreach (var each in parts == 0 ? [content] : Enumerable.Range(0, parts).Select(part => Part(content, part)))
            {
                sent[each] = WriteFate.UnderWay;
            }

            if (parts > 0)
            {
                sizes[content] = parts;
            }

            return content;
        }
    }

    /// <summary>Its writer has given it up before it could be stored.</summary>
    public void NotStored(string content)
    {
        lock (gate)
        {
            Settle(content, WriteFate.NotStored);
        }
    }

    /// <summary>A reader saw so much of what was written together.</summary>
    public void SawTogether(IEnumerable<string?> contents, string reader)
    {
        lock (gate)
        {
            foreach (var write in contents.Select(static content => content is null ? null : WriteOf(content)).OfType<string>().CountBy(static write => write, StringComparer.Ordinal))
            {
                verdicts.Check(sizes.GetValueOrDefault(write.Key) == write.Value, $"P4 {bucket}: {reader} was shown {write.Value} records of the {sizes.GetValueOrDefault(write.Key)} of {write.Key}");
            }
        }
    }

    /// <returns>Whether a record may have been deleted.</returns>
    public bool MayBeGone(string id)
    {
        lock (gate)
        {
            return unknownDeletions.Contains(id) || (acknowledged.TryGetValue(id, out var write) && write.Content is null);
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
                var stamp = answer.Written;
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
                var isThere = stored.TryGetValue(id, out var found);
                if (!isThere && !hasTombstones)
                {
                    verdicts.Check(MayBeGone(id), $"P1 {bucket}: {id} = {write.Content}@{write.Stamp} was acknowledged, and is not stored");
                }
                else if (!isThere || found.Stamp < write.Stamp)
                {
                    verdicts.Violated($"P1 {bucket}: {id} = {write.Content ?? "deleted"}@{write.Stamp} was acknowledged, stored is {(isThere ? $"{found.Content}@{found.Stamp}" : "nothing")}");
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

    /// <summary>At the end: the stamps of all entries of the bucket's history against those that somebody saw.</summary>
    public void CheckTold(IReadOnlyCollection<long> told)
    {
        lock (gate)
        {
            foreach (var stamp in versions.Keys.Except(told))
            {
                verdicts.Violated($"{bucket}: the history does not tell of {versions[stamp]}@{stamp}");
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
        var version = content is not null && WriteOf(content) is { } write ? new Version("several", write) : new Version(id, content);
        verdicts.Check(versions.TryAdd(stamp, version) || versions[stamp] == version, $"P2 {bucket}: {stamp} is the stamp of {versions[stamp]} and of {version}");
        verdicts.Check(content is null || stamps.TryAdd(content, stamp) || stamps[content] == stamp, $"P4 {bucket}: {content} was executed twice, with {stamps.GetValueOrDefault(content ?? "")} and {stamp}");
    }
}
