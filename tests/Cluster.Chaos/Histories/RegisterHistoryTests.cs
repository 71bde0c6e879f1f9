namespace Lockstep.Cluster.Chaos.Histories;

/// <summary>The checker accepts what may be and refuses what may not, on histories made by hand.</summary>
public sealed class RegisterHistoryTests
{
    [Fact]
    public void History_OfWritesOneAfterTheOther_IsAccepted() => Accepted(
        Applied(1, 2, "a", stamp: 10),
        Applied(3, 4, "b", stamp: 11, expected: 10),
        Refused(5, 6, "c", expected: 10, seen: new RegisterValue(11, "b")));

    [Fact]
    public void History_TwoWritersFromOneStamp_IsRefused() => Rejected(
        Applied(1, 2, "a", stamp: 10),
        Applied(3, 6, "b", stamp: 11, expected: 10),
        Applied(4, 5, "c", stamp: 12, expected: 10));

    [Fact]
    public void History_TwoWhoMadeWhatWasNotThere_IsRefused() => Rejected(Applied(1, 4, "a", stamp: 10), Applied(2, 3, "b", stamp: 11));

    [Fact]
    public void History_AcknowledgedWriteThatALaterOneDidNotSee_IsRefused() => Rejected(
        Applied(1, 2, "a", stamp: 10),
        Applied(3, 4, "b", stamp: 11, expected: 10),
        Refused(5, 6, "c", expected: 9, seen: new RegisterValue(10, "a")));

    [Fact]
    public void History_RefusalThatSawAWriteUnderWay_IsAcceptedInEitherOrder()
    {
        Accepted(
            Applied(1, 2, "a", stamp: 10),
            Applied(3, 8, "b", stamp: 11, expected: 10),
            Refused(4, 5, "c", expected: 9, seen: new RegisterValue(11, "b")),
            Refused(6, 7, "d", expected: 9, seen: new RegisterValue(11, "b")));
        Accepted(
            Applied(1, 2, "a", stamp: 10),
            Applied(3, 8, "b", stamp: 11, expected: 10),
            Refused(4, 5, "c", expected: 9, seen: new RegisterValue(10, "a")),
            Refused(6, 7, "d", expected: 9, seen: new RegisterValue(11, "b")));
        Rejected(
            Applied(1, 2, "a", stamp: 10),
            Applied(3, 8, "b", stamp: 11, expected: 10),
            Refused(4, 5, "c", expected: 9, seen: new RegisterValue(11, "b")),
            Refused(6, 7, "d", expected: 9, seen: new RegisterValue(10, "a")));
    }

    [Fact]
    public void History_RefusalWhoseConditionHeld_IsRefused() => Rejected(
        Applied(1, 2, "a", stamp: 10),
        Refused(3, 4, "b", expected: 10, seen: new RegisterValue(10, "a")));

    [Fact]
    public void History_UnknownWriteThatLaterShows_IsAccepted_AlsoLongAfterItsCall()
    {
        var unknown = Unknown(3, "b", expected: 10);
        Accepted(Applied(1, 2, "a", stamp: 10), unknown, Refused(50, 51, "c", expected: 10, seen: new RegisterValue(11, "b")));
        Accepted(
            Applied(1, 2, "a", stamp: 10),
            unknown,
            Refused(40, 41, "x", expected: 9, seen: new RegisterValue(10, "a")),
            Refused(50, 51, "c", expected: 10, seen: new RegisterValue(11, "b")));
    }

    [Fact]
    public void History_UnknownWriteWhoseStampOnlyAReaderSaw_IsAcceptedWithIt()
    {
        RegisterWrite[] history = [Applied(1, 2, "a", stamp: 10), Unknown(3, "b", expected: 10), Applied(5, 6, "c", stamp: 12, expected: 11)];
        Assert.Null(RegisterHistory.Check(history, [new RegisterValue(11, "b")]));
        Assert.NotNull(RegisterHistory.Check(history));
    }

    [Fact]
    public void History_UnknownWriteThatNeverShows_IsAccepted() => Accepted(
        Applied(1, 2, "a", stamp: 10),
        Unknown(3, "b", expected: 10),
        Applied(5, 6, "c", stamp: 11, expected: 10));

    [Fact]
    public void History_UnknownWriteThatShowsAfterItsConditionWasGone_IsRefused() => Rejected(
        Applied(1, 2, "a", stamp: 10),
        Unknown(3, "b", expected: 10),
        Applied(5, 6, "c", stamp: 11, expected: 10),
        Refused(7, 8, "d", expected: 10, seen: new RegisterValue(12, "b")));

    [Fact]
    public void History_UnknownWriteThatShowsTwice_IsRefused() => Rejected(
        Unknown(1, "b", expected: 0, WriteCondition.None),
        Refused(3, 4, "c", expected: 1, seen: new RegisterValue(11, "b")),
        Refused(5, 6, "d", expected: 1, seen: new RegisterValue(12, "b")));

    [Fact]
    public void History_WriteToldAsRefusedThatIsThereThenGone_IsRefused() => Rejected(
        Applied(1, 2, "a", stamp: 10),
        Refused(3, 4, "b", expected: 9, seen: new RegisterValue(10, "a")),
        Refused(5, 6, "c", expected: 9, seen: new RegisterValue(11, "b")));

    [Fact]
    public void History_StampThatGoesBack_IsRefused() => Rejected(Applied(1, 2, "a", stamp: 10), Applied(3, 4, "b", stamp: 9, expected: 10));

    [Fact]
    public void History_DeletedAndMadeAgain_IsAccepted_ButNotMadeWhileThere()
    {
        var made = Applied(1, 2, "a", stamp: 10);
        var deleted = new RegisterWrite { Invoked = 3, Returned = 4, Condition = WriteCondition.IfMatch, Expected = 10, Effect = Effect.Applied, Stamp = 11 };
        var again = Applied(5, 6, "b", stamp: 12);
        Accepted(made, deleted, again);
        Rejected(made, again);
        Rejected(made, deleted, new RegisterWrite { Invoked = 5, Returned = 6, Condition = WriteCondition.IfAbsent, Content = "b", Effect = Effect.NotApplied, Seen = new RegisterValue(10, "a") });
    }

    [Fact]
    public void History_WriteToWhatIsNewerThanItsCondition_IsRefused_ButNotToWhatIsGone()
    {
        var made = Applied(1, 2, "a", stamp: 10) with { Condition = WriteCondition.IfUnmodified };
        var newer = Applied(3, 4, "b", stamp: 11, expected: 10) with { Condition = WriteCondition.IfUnmodified };
        var late = Applied(5, 6, "c", stamp: 12, expected: 10) with { Condition = WriteCondition.IfUnmodified };
        Accepted(made, newer);
        Rejected(made, newer, late);
        Accepted(made, newer, new RegisterWrite { Invoked = 4, Returned = 5, Condition = WriteCondition.IfUnmodified, Expected = 11, Effect = Effect.Applied, Stamp = 12 }, late with { Stamp = 13 });
        Rejected(made, new RegisterWrite { Invoked = 3, Returned = 4, Condition = WriteCondition.IfUnmodified, Expected = 10, Content = "b", Effect = Effect.NotApplied });
    }

    [Fact]
    public void History_OfManyWritersAndUnknowns_IsDecided()
    {
        var history = new List<RegisterWrite> { Applied(0, 1, "v0", stamp: 100) };
        for (var i = 1; i <= 90; i++)
        {
            history.Add(Applied(i * 10, (i * 10) + 25, $"v{i}", stamp: 100 + i, expected: 99 + i));
        }

        history.AddRange(Enumerable.Range(0, 12).Select(i => Unknown((i * 70) + 3, $"u{i}", expected: 100 + (i * 7))));
        Accepted([.. history]);
        Rejected([.. history, Refused(2000, 2001, "end", expected: 1, seen: new RegisterValue(189, "v89"))]);
    }

    private static RegisterWrite Applied(long invoked, long returned, string content, long stamp, long expected = 0) => new()
    {
        Invoked = invoked, Returned = returned, Content = content, Stamp = stamp, Expected = expected,
        Condition = expected > 0 ? WriteCondition.IfMatch : WriteCondition.IfAbsent, Effect = Effect.Applied,
    };

    private static RegisterWrite Refused(long invoked, long returned, string content, long expected, RegisterValue seen) => new()
    {
        Invoked = invoked, Returned = returned, Content = content, Expected = expected, Seen = seen,
        Condition = WriteCondition.IfMatch, Effect = Effect.NotApplied,
    };

    private static RegisterWrite Unknown(long invoked, string content, long expected, WriteCondition condition = WriteCondition.IfMatch) => new()
    {
        Invoked = invoked, Content = content, Expected = expected, Condition = condition, Effect = Effect.Unknown,
    };

    private static void Accepted(params RegisterWrite[] history) => Assert.Null(RegisterHistory.Check(history));

    private static void Rejected(params RegisterWrite[] history) => Assert.NotNull(RegisterHistory.Check(history));
}
