import "aws-rolecall";
